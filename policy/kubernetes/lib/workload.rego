# Finds the pod and the containers in the resources that run containers. It holds no rules of its own.
package lib.workload

import data.lib.result

# Where each kind keeps its pod specification.
pod_paths := {
	"Pod": ["spec"],
	"Deployment": ["spec", "template", "spec"],
	"StatefulSet": ["spec", "template", "spec"],
	"DaemonSet": ["spec", "template", "spec"],
	"ReplicaSet": ["spec", "template", "spec"],
	"ReplicationController": ["spec", "template", "spec"],
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

# Containers that answer requests or do work for as long as the workload runs.
serving contains container if {
	not input.kind in {"Job", "CronJob"}
	some container in containers
	container.field == "containers"
}

# Kubernetes refuses a Windows pod that sets what only Linux knows, such as capabilities.
on_linux contains container if {
	some container in containers
	object.get(pod, ["os", "name"], "linux") != "windows"
}

# A violation at a field of a container; the rule's METADATA give id, severity, fix and link.
in_container(rule, container, field, problem) := result.at(rule, path, message) if {
	path := array.concat(container.path, field)
	message := sprintf("%s: %s", [container.title, problem])
}

# A violation at a field of the pod.
in_pod(rule, field, problem) := result.at(rule, array.concat(pod_path, field), sprintf("%s: %s", [name, problem]))

# A violation at a field of the resource.
in_resource(rule, field, problem) := result.at(rule, field, sprintf("%s: %s", [name, problem]))
