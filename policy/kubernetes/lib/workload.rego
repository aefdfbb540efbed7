# Finds the pod and the containers in the resources that run containers. It holds no rules of its own.
package lib.workload

# Where each kind keeps its pod specification.
pod_paths := {
	"Pod": ["spec"],
	"Deployment": ["spec", "template", "spec"],
	"StatefulSet": ["spec", "template", "spec"],
	"DaemonSet": ["spec", "template", "spec"],
	"ReplicaSet": ["spec", "template", "spec"],
	"Job": ["spec", "template", "spec"],
	"CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
}

# Undefined for a resource that runs no containers, so that rules which use it do not apply.
pod_path := pod_paths[input.kind]

pod := object.get(input, pod_path, {})

name := sprintf("%s/%s", [input.kind, object.get(input, ["metadata", "name"], "")])

# Every container with its path. The field tells the containers that serve from those that initialise or debug.
containers contains {"field": field, "path": array.concat(pod_path, [field, i]), "spec": container, "title": title} if {
	some field in ["containers", "initContainers", "ephemeralContainers"]
	some i, container in pod[field]
	title := sprintf("%s, container %v", [name, object.get(container, "name", i)])
}

# Containers that run until the workload ends; the resource requirements of debug containers cannot be set.
permanent contains container if {
	some container in containers
	container.field != "ephemeralContainers"
}

# A violation at a field of a container; the rule's METADATA give id, severity, fix and link.
in_container(rule, container, field, problem) := at(rule, path, message) if {
	path := array.concat(container.path, field)
	message := sprintf("%s: %s", [container.title, problem])
}

# A violation at a field of the pod.
in_pod(rule, field, problem) := at(rule, array.concat(pod_path, field), sprintf("%s: %s", [name, problem]))

# A violation at a field of the resource.
at(rule, path, message) := {
	"id": rule.custom.id,
	"severity": rule.custom.severity,
	"msg": message,
	"path": path,
	"fix": rule.custom.fix,
	"url": rule.related_resources[0].ref,
}
