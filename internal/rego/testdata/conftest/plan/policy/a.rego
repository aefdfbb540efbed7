package main

blast_radius := 10

weights := {"aws_instance": {"delete": 10, "create": 1}, "aws_db_instance": {"delete": 100}}

changes[kind] contains action if {
	some change in input.resource_changes
	kind := change.type
	some action in change.change.actions
}

score := sum([w | some kind, actions in changes; some action in actions; w := weights[kind][action]])

deny contains msg if {
	score > blast_radius
	msg := sprintf("the plan scores %d of %d", [score, blast_radius])
}

warn contains msg if {
	some change in input.resource_changes
	change.change.after.publicly_accessible
	msg := sprintf("%s is public", [change.address])
}
