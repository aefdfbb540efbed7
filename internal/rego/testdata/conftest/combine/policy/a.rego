package main

names := [item.contents.metadata.name | some item in input]

deny contains msg if {
	some name in names
	count([n | some n in names; n == name]) > 1
	msg := sprintf("%s is there twice", [name])
}

warn contains msg if {
	some item in input
	item.contents.kind == "Service"
	not item.contents.metadata.name in {d.contents.metadata.name | some d in input; d.contents.kind == "Deployment"}
	msg := sprintf("%s: Service %s selects nothing", [item.path, item.contents.metadata.name])
}
