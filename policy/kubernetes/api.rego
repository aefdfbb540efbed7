package kubernetes

import data.lib.selectors
import data.lib.workload

# METADATA
# title: API versions still exist
# description: >-
#   A cluster refuses an object of an API version that was removed, so the deployment fails, at the latest after the next
#   upgrade of the cluster.
# related_resources:
# - ref: https://kubernetes.io/docs/reference/using-api/deprecation-guide/
# custom:
#   id: removed-api
#   severity: error
#   fix: use the API version that the message names, and read the guide for fields that changed
deny contains workload.in_resource(rego.metadata.rule(), ["apiVersion"], problem) if {
	removed := data.removed_apis[input.apiVersion][input.kind]
	problem := sprintf("%s was removed in Kubernetes %s; %s", [input.apiVersion, removed.gone, instead(removed)])
}

instead(removed) := sprintf("use %s", [removed.use]) if {
	removed.use
} else := "nothing takes its place"

# METADATA
# title: Nothing is put into the namespace default
# description: >-
#   Quotas, network policies and rights are given to namespaces. In default everything lies together that nobody has placed.
#   A manifest without a namespace is fine: whoever applies it says where it goes.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
# custom:
#   id: no-default-namespace
#   severity: error
#   fix: set the component's namespace, for example through namespace in kustomization.yaml
deny contains workload.in_resource(rego.metadata.rule(), ["metadata", "namespace"], "is put into the namespace default") if {
	input.metadata.namespace == "default"
}

# METADATA
# title: A workload's selector matches its pods
# description: >-
#   Kubernetes refuses a workload whose selector does not match the labels of its own pod template.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector
# custom:
#   id: selector-matches-template
#   severity: error
#   fix: give the pod template the labels that the selector names
deny contains workload.in_resource(rego.metadata.rule(), array.concat(["spec", "selector"], field), problem) if {
	input.kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}
	template := input.spec.template
	some field in selector_problems(object.get(input, ["spec", "selector"], null), selectors.labels_of(template))
	problem := "the selector does not match the labels of the pod template"
}

selector_problems(selector, labels) := selectors.mismatches(selector, labels) if {
	is_object(selector)
} else := {[]}
