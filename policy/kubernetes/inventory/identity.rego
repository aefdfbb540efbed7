# METADATA
# scope: package
# custom:
#   input: inventory
package kubernetes.inventory

import data.lib.result

# METADATA
# title: An object belongs to one component
# description: >-
#   When two components of an environment hold an object of the same kind, namespace and name, whichever is deployed last
#   wins, and removing one deletes the other's. Objects without a namespace are compared where their kind has none, such as
#   ClusterRole; of all others only who applies them knows where they go.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
# custom:
#   id: duplicate-id
#   severity: error
#   fix: rename one of the objects, or keep it in one component and remove it from the others
deny contains result.at(rego.metadata.rule(), [entry[2], "contents", "metadata", "name"], message) if {
	some i, entry in entries
	others := {other[1] | some step in [-1, 1]; other := entries[i + step]; other[0] == entry[0]; other[1] != entry[1]}
	count(others) > 0
	message := sprintf("%s: component %s holds it too", [entry[0], concat(", ", others)])
}

# Id, component and index of each object. Sorted, so that the same ids are beside each other and need not be searched for.
entries := sort([[id, item.component, i] |
	some i, item in input
	id := id_of(item.contents)
])

# Group and kind, namespace and name. The version is none of an object's identity.
id_of(resource) := concat("/", [group_kind(resource), resource.metadata.namespace, resource.metadata.name]) if {
	resource.metadata.namespace != ""
} else := concat("/", [group_kind(resource), resource.metadata.name]) if {
	group_kind(resource) in data.cluster_scoped
}

group_kind(resource) := sprintf("%s.%s", [resource.kind, split(resource.apiVersion, "/")[0]]) if {
	contains(resource.apiVersion, "/")
} else := resource.kind
