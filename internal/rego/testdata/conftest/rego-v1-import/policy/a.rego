package main

import future.keywords.contains
import future.keywords.if
import rego.v1

deny contains "x" if input.x
