package commands

deny contains msg if {
	some command in input
	command.Cmd == "run"
	some value in command.Value
	contains(value, "curl")
	msg := sprintf("stage %d runs %s", [command.Stage, value])
}

warn contains "no USER" if count([c | some c in input; c.Cmd == "user"]) == 0
