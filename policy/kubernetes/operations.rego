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
	not resource_set(container, "limits", "memory")
}

# METADATA
# title: Containers request CPU and memory
# description: >-
#   The scheduler places pods by what they request. Without requests it overfills nodes, and what nobody requested is evicted
#   first. A limit counts as a request, as Kubernetes takes it for one.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#requests-and-limits
# custom:
#   id: resource-requests
#   severity: error
#   fix: set resources.requests.cpu and resources.requests.memory to what the program usually needs
deny contains workload.in_container(rego.metadata.rule(), container, field, problem) if {
	some container in workload.permanent
	some resource in ["cpu", "memory"]
	not resource_set(container, "requests", resource)
	not resource_set(container, "limits", resource)
	field := ["resources", "requests", resource]
	problem := sprintf("requests no %s", [resource])
}

# The resources of a pod are there for all of its containers.
resource_set(container, how, resource) if {
	some holder in [container.spec, workload.pod]
	object.get(holder, ["resources", how, resource], null) != null
}

# METADATA
# title: Workloads name their owner
# description: >-
#   When a workload fails at night, or spends too much, somebody must be able to find the team that owns it without asking
#   around. The value is the owner in the component's catalog-info.yaml. One of the labels owner and team is enough; the data
#   key owner_labels lists others.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
# custom:
#   id: owner-label
#   severity: error
#   fix: add the label owner with the name of the owning team, for example through labels in kustomization.yaml
deny contains workload.in_resource(rego.metadata.rule(), ["metadata", "labels", label], problem) if {
	workload.pod_path
	label := data.owner_labels[0]
	every known in data.owner_labels {
		object.get(input, ["metadata", "labels", known], "") in {"", null}
	}
	problem := sprintf("has no label %s", [concat(" or ", data.owner_labels)])
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
	some container in workload.serving
	object.get(container.spec, "readinessProbe", null) == null
}

# METADATA
# title: Serving containers have a liveness probe
# description: >-
#   A program that hangs without ending stays as it is until somebody notices. A liveness probe makes Kubernetes restart it.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
# custom:
#   id: liveness-probe
#   severity: warning
#   fix: add a livenessProbe that asks the program itself, not what it depends on
warn contains workload.in_container(rego.metadata.rule(), container, ["livenessProbe"], "has no liveness probe") if {
	some container in workload.serving
	object.get(container.spec, "livenessProbe", null) == null
}
