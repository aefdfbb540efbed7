package main

version := to_number(input.version)

deny contains msg if {
	some name, service in input.services
	endswith(service.image, ":latest")
	msg := sprintf("service %s uses latest", [name])
}

deny contains "format 3.5 is the least" if version < 3.5

warn contains sprintf("%s mounts the socket", [name]) if {
	some name
	some volume in input.services[name].volumes
	startswith(volume, "/var/run/docker.sock")
}
