package main

deny contains msg if {
	some name
	some listener in input.resource.aws_alb_listener[name]
	listener.protocol == "HTTP"
	msg := sprintf("%s speaks HTTP", [name])
}

deny contains msg if {
	some type, name
	some resource in input.resource[type][name]
	startswith(type, "aws_")
	missing := {"owner"} - {key | resource.tags[key]}
	count(missing) > 0
	msg := sprintf("%s.%s: %v", [type, name, missing])
}

warn contains msg if {
	some value in input.locals[_]
	msg := sprintf("local %v", [value])
}
