package main

import rego.v1

deny contains msg if {
	opa.runtime().env.HOME
	msg := "the environment can be read"
}
