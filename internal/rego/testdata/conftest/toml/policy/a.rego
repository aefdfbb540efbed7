package main

deny contains "insecure" if input.entryPoints.http.insecure

deny contains msg if {
	input.limits.retries > 3
	msg := sprintf("%v retries", [input.limits.retries])
}

warn contains sprintf("host %s", [h]) if some h in input.hosts
