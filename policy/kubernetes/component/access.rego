package kubernetes.component

import data.lib.component
import data.lib.selectors

# METADATA
# title: Services select pods
# description: >-
#   A Service whose selector matches no pod answers nothing, and nobody is told. Where a component runs no pods itself, its
#   Services are taken to select another component's.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service
# custom:
#   id: service-selects-pods
#   severity: error
#   fix: write the labels of the workload's pod template into the Service's selector
deny contains component.at(rego.metadata.rule(), service.index, array.concat(["spec", "selector"], field), message) if {
	some service in services
	count(service.candidates) > 0
	every labels in service.candidates {
		not selects(service.selector, labels)
	}
	some field in wrong_keys(service)
	message := sprintf("Service/%s: its selector matches no pod of this component", [service.name])
}

services contains service if {
	some found in component.of_kind("Service")
	found.resource.apiVersion == "v1"
	selector := found.resource.spec.selector
	object.get(found.resource.spec, "type", "ClusterIP") != "ExternalName"
	service := {
		"index": found.index,
		"name": found.resource.metadata.name,
		"selector": selector,
		"candidates": {workload.labels | some workload in component.workloads; workload.namespace == found.namespace},
	}
}

selects(selector, labels) if count(selectors.mismatches({"matchLabels": selector}, labels)) == 0

# The labels that no pod has. Where pods have each of them, but none has all, the selector as a whole.
wrong_keys(service) := keys if {
	keys := {[key] |
		some key, value in service.selector
		every labels in service.candidates {
			object.get(labels, key, null) != value
		}
	}
	count(keys) > 0
} else := {[]}

# METADATA
# title: A NetworkPolicy limits each workload's traffic
# description: >-
#   Without a NetworkPolicy every pod of the cluster may open connections to every other, so whoever takes over one program
#   reaches all of them.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   id: network-policy
#   severity: warning
#   fix: add a NetworkPolicy whose podSelector matches the workload's pods and which names who may connect
warn contains component.at(rego.metadata.rule(), workload.index, ["metadata", "name"], message) if {
	some workload in component.workloads
	not limited(workload)
	message := sprintf("%s: no NetworkPolicy selects its pods", [workload.title])
}

# A policy without a selector is for all pods of its namespace.
limited(workload) if {
	some kind, field in {"NetworkPolicy": "podSelector", "CiliumNetworkPolicy": "endpointSelector"}
	some policy in component.of_kind(kind)
	policy.namespace == workload.namespace
	selectors.selects(object.get(policy.resource, ["spec", field], {}), workload.labels)
}

# METADATA
# title: Pods get no token for the Kubernetes API
# description: >-
#   Unless told otherwise Kubernetes gives each pod a token for its API. Few programs use it, and everybody who breaks into
#   one does. The pod's field counts; where it is not set, the one of a ServiceAccount of the component.
# related_resources:
# - ref: https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#opt-out-of-api-credential-automounting
# custom:
#   id: no-token-automount
#   severity: warning
#   fix: "set automountServiceAccountToken: false for the pod; waive this for a program that uses the API"
warn contains component.at(rego.metadata.rule(), workload.index, field, message) if {
	some workload in component.workloads
	mounts_token(workload)
	field := array.concat(workload.pod_path, ["automountServiceAccountToken"])
	message := sprintf("%s: its pods get a token for the Kubernetes API", [workload.title])
}

mounts_token(workload) if object.get(workload.pod, "automountServiceAccountToken", null) == true

mounts_token(workload) if {
	object.get(workload.pod, "automountServiceAccountToken", null) == null
	not account_without_token(workload)
}

account_without_token(workload) if {
	some account in component.of_kind("ServiceAccount")
	account.namespace == workload.namespace
	account.resource.metadata.name == object.get(workload.pod, "serviceAccountName", "default")
	account.resource.automountServiceAccountToken == false
}
