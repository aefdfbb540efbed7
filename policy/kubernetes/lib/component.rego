# Finds workloads and what belongs to them among all objects of one component. It holds no rules of its own.
package lib.component

import data.lib.result
import data.lib.selectors

# Everything that runs pods, also of kinds that Kubernetes does not have itself, such as Rollout.
workloads contains workload if {
	some i, item in input
	resource := item.contents
	template_path := path_of_template(resource)
	template := object.get(resource, template_path, {})
	is_object(template.spec)
	workload := {
		"index": i,
		"id": id(resource.kind, resource),
		"kind": resource.kind,
		"title": title(resource),
		"namespace": namespace(resource),
		"environment": object.get(item, "environment", ""),
		"labels": selectors.labels_of(template),
		"pod": template.spec,
		"pod_path": array.concat(template_path, ["spec"]),
		"replicas": object.get(resource, ["spec", "replicas"], 1),
	}
}

path_of_template(resource) := [] if {
	resource.kind == "Pod"
} else := ["spec", "jobTemplate", "spec", "template"] if {
	resource.kind == "CronJob"
} else := ["spec", "template"]

# The objects of a kind.
of_kind(kind) := {{"index": i, "resource": item.contents, "namespace": namespace(item.contents)} |
	some i, item in input
	item.contents.kind == kind
}

title(resource) := sprintf("%s/%s", [resource.kind, object.get(resource, ["metadata", "name"], "")])

namespace(resource) := object.get(resource, ["metadata", "namespace"], "")

id(kind, resource) := [kind, namespace(resource), object.get(resource, ["metadata", "name"], "")]

# How each kind of autoscaler says the least number of replicas, and what it takes where nothing is said.
autoscalers := {
	"HorizontalPodAutoscaler": {"field": "minReplicas", "least": 1},
	"ScaledObject": {"field": "minReplicaCount", "least": 0},
}

scaled contains {"id": target, "index": autoscaler.index, "path": path, "least": least} if {
	some kind, known in autoscalers
	some autoscaler in of_kind(kind)
	reference := autoscaler.resource.spec.scaleTargetRef
	target := [object.get(reference, "kind", "Deployment"), autoscaler.namespace, reference.name]
	path := ["spec", known.field]
	least := object.get(autoscaler.resource, path, known.least)
}

# Workloads that run one pod or several alike, with the least number of pods and the field that says it: an autoscaler's before the workload's.
replicated contains {"workload": workload, "least": scale.least, "index": scale.index, "path": scale.path} if {
	some workload in workloads
	some scale in scaled
	scale.id == workload.id
}

replicated contains {"workload": workload, "least": workload.replicas, "index": workload.index, "path": ["spec", "replicas"]} if {
	some workload in workloads
	workload.kind in {"Deployment", "StatefulSet", "Rollout"}
	not workload.id in {scale.id | some scale in scaled}
}

# A violation at a field of the object with this index.
at(rule, index, field, message) := result.at(rule, array.concat([index, "contents"], field), message)
