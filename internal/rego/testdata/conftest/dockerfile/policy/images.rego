package main

banned := ["debian"]

deny contains msg if {
	some i
	input[i].Cmd == "from"
	image := input[i].Value[0]
	contains(image, banned[_])
	msg := sprintf("image %s", [image])
}
