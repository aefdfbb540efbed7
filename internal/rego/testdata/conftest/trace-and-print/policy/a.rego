package main

deny contains "x" if {
	print("input", input, input.nothing)
	trace("a note")
	input.x
}
