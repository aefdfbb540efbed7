package main

import data.lib.util

deny contains sprintf("%s is root", [c.name]) if {
	some c in util.containers
	util.is_root with input as c
}
