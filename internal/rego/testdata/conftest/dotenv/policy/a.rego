package main

deny contains msg if {
	some key, value in input
	contains(lower(key), "password")
	value != ""
	msg := sprintf("%s is in the file", [key])
}
