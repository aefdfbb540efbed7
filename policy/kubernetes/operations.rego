package kubernetes

import data.lib.workload

# METADATA
# title: Containers have a memory limit
# description: >-
#   A container without a memory limit can take the memory of the whole node; the kernel then kills other teams' programs.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
# custom:
#   id: memory-limit
#   severity: error
#   fix: set resources.limits.memory to what the program needs at its peak
deny contains workload.in_container(rego.metadata.rule(), container, field, "has no memory limit") if {
	some container in workload.permanent
	field := ["resources", "limits", "memory"]
	object.get(container.spec, field, null) == null
}

# METADATA
# title: Workloads name their owner
# description: >-
#   When a workload fails at night, or spends too much, somebody must be able to find the team that owns it without asking
#   around. The value is the owner in the component's catalog-info.yaml.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
# custom:
#   id: owner-label
#   severity: error
#   fix: add the label owner with the name of the owning team, for example through labels in kustomization.yaml
deny contains workload.at(rego.metadata.rule(), field, message) if {
	workload.pod_path
	field := ["metadata", "labels", "owner"]
	object.get(input, field, "") in {"", null}
	message := sprintf("%s: has no owner label", [workload.name])
}

# METADATA
# title: Serving containers have a readiness probe
# description: >-
#   Without a readiness probe a rollout counts a container as ready when its process exists, and sends it requests before
#   it can answer them.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
# custom:
#   id: readiness-probe
#   severity: warning
#   fix: add a readinessProbe that asks the program whether it can serve
warn contains workload.in_container(rego.metadata.rule(), container, ["readinessProbe"], "has no readiness probe") if {
	not input.kind in {"Job", "CronJob"}
	some container in workload.containers
	container.field == "containers"
	object.get(container.spec, "readinessProbe", null) == null
}
