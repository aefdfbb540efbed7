package main

deny_root contains msg if {
	input.kind == "Deployment"
	not input.spec.template.spec.securityContext.runAsNonRoot
	msg := sprintf("%s runs as root", [input.metadata.name])
}

violation_image contains msg if {
	some c in input.spec.template.spec.containers
	msg := sprintf("image %s", [c.image])
}

warn_owner contains "no owner" if not input.metadata.labels.owner
