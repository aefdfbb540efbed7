package kubernetes_test

of_rbac(kind, fields) := object.union({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "web"}}, fields)

test_no_wildcard_rbac_passes if {
	role := of_rbac("Role", {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": ["*"]}]})
	paths("no-wildcard-rbac", role) == set()
	paths("no-wildcard-rbac", of_rbac("ClusterRole", {"rules": null})) == set()
	every other in [{"kind": "Other"}, {"apiVersion": "admissionregistration.k8s.io/v1"}] {
		paths("no-wildcard-rbac", object.union(of_rbac("Role", {"rules": [{"resources": ["*"]}]}), other)) == set()
	}
}

test_no_wildcard_rbac_fails if {
	every kind in ["Role", "ClusterRole"] {
		role := of_rbac(kind, {"rules": [{"resources": ["pods", "*"], "verbs": ["get"]}, {"nonResourceURLs": ["*"], "verbs": ["*"]}]})
		paths("no-wildcard-rbac", role) == {"rules.0.resources.1", "rules.1.nonResourceURLs.0", "rules.1.verbs.0"}
	}
}

test_no_cluster_admin_passes if {
	every reference in [{"kind": "ClusterRole", "name": "view"}, {"kind": "Role", "name": "cluster-admin"}] {
		paths("no-cluster-admin", of_rbac("RoleBinding", {"roleRef": reference})) == set()
		admin := of_rbac("RoleBinding", {"roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}})
		paths("no-cluster-admin", object.union(admin, {"apiVersion": "example.com/v1"})) == set()
		paths("no-cluster-admin", object.union(admin, {"kind": "Other"})) == set()
	}
}

test_no_cluster_admin_fails if {
	every kind in ["RoleBinding", "ClusterRoleBinding"] {
		binding := of_rbac(kind, {"roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}})
		paths("no-cluster-admin", binding) == {"roleRef.name"}
	}
}
