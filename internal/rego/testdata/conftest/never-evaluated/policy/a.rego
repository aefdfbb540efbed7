package main

import rego.v1

deny contains "always"

deny_kinds.deployment contains msg if {
	input.kind == "Deployment"
	msg := "a Deployment"
}
