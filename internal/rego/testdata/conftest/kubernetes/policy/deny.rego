package main

import data.kubernetes

deny contains msg if {
	kubernetes.is_workload
	some container in input.spec.template.spec.containers
	endswith(container.image, ":latest")
	msg := sprintf("%s uses the tag latest in %s", [container.name, input.metadata.name])
}

deny contains msg if {
	kubernetes.is_workload
	not input.metadata.labels.owner
	msg := sprintf("%s has no owner", [input.metadata.name])
}
