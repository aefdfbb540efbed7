package kubernetes

import data.lib.workload

of_rbac if startswith(input.apiVersion, "rbac.authorization.k8s.io/")

# METADATA
# title: Roles name what they allow
# description: >-
#   A wildcard also allows what does not exist yet: each new resource type and each new verb, such as reading all Secrets or
#   impersonating others.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege
# custom:
#   id: no-wildcard-rbac
#   severity: error
#   fix: list the API groups, resources and verbs that are needed
deny contains workload.in_resource(rego.metadata.rule(), ["rules", i, field, j], problem) if {
	of_rbac
	input.kind in {"Role", "ClusterRole"}
	some i, rule in input.rules
	some field in ["apiGroups", "resources", "verbs", "nonResourceURLs"]
	some j, "*" in rule[field]
	problem := sprintf("rule %d allows all %s", [i + 1, field])
}

# METADATA
# title: Nobody is made administrator of the cluster
# description: >-
#   Whoever is bound to cluster-admin may do everything: read each Secret, delete each workload, remove these rules. A
#   program that is broken into hands all of that on.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege
# custom:
#   id: no-cluster-admin
#   severity: error
#   fix: bind a Role that lists what is needed, in the namespace where it is needed
deny contains workload.in_resource(rego.metadata.rule(), ["roleRef", "name"], problem) if {
	of_rbac
	input.kind in {"RoleBinding", "ClusterRoleBinding"}
	input.roleRef.kind == "ClusterRole"
	input.roleRef.name == "cluster-admin"
	problem := sprintf("binds %s to cluster-admin", [concat(", ", subjects)])
}

# Who is bound is part of what is wrong: another subject is another finding.
subjects := sort([name |
	some subject in object.get(input, "subjects", [])
	name := sprintf("%v %v", [object.get(subject, "kind", "somebody"), object.get(subject, "name", "")])
])
