package main

import rego.v1

deny contains msg if {
	count(input) > 1
	msg := sprintf("%d files in %s", [count(input), data.conftest.file.name])
}
