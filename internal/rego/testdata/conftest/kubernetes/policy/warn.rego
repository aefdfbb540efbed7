package main

import data.kubernetes

warn contains msg if {
	kubernetes.is_service
	msg := sprintf("%s is a Service", [input.metadata.name])
}
