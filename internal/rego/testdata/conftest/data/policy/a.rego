package main

import data.ports

deny contains msg if {
	some p in input.spec.ports
	p.port in ports.denied
	msg := sprintf("port %d is one of %v", [p.port, ports.denied])
}

deny contains "a team that is not known" if not input.team in data.org.teams.names
