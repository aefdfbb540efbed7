package main

import rego.v1

import data.conftest.file
import data.places

deny contains msg if {
	endswith(data.conftest.file.dir, "/input/prod")
	input.replicas < 2
	msg := sprintf("%s: two replicas in production", [data.conftest.file.name])
}

warn contains msg if {
	startswith(file.name, "b")
	msg := sprintf("%s begins with b", [file.name])
}

violation contains {"msg": msg} if {
	some key, where in data.conftest
	places.is_yaml(where.name)
	msg := sprintf("%s is told as %s, with %d keys", [where.name, key, count(where)])
}

deny_absolute contains msg if {
	not startswith(file.dir, "/")
	msg := "the folder is no absolute path"
}
