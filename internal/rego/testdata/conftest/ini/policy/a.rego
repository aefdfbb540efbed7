package main

deny contains "debug is on" if input.server.debug == true

deny contains msg if {
	input.server.port < 1024
	msg := sprintf("port %d", [input.server.port])
}

warn contains "no user" if not input.users.admin
