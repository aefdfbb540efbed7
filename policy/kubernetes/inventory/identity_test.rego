package kubernetes_test

found_at(items) := {[result.path[0], result.msg] |
	some result in data.kubernetes.inventory.deny with input as items
	result.id == "duplicate-id"
	array.slice(result.path, 1, 4) == ["contents", "metadata", "name"]
}

item(component, api_version, kind, metadata) := {
	"component": component,
	"contents": {"apiVersion": api_version, "kind": kind, "metadata": metadata},
}

settings(component, namespace) := item(component, "v1", "ConfigMap", {"name": "settings", "namespace": namespace})

role(component, version) := item(component, sprintf("rbac.authorization.k8s.io/%s", [version]), "ClusterRole", {"name": "reader"})

test_duplicate_id_passes if {
	found_at([settings("a", "x"), settings("b", "y")]) == set()
	found_at([settings("a", "x"), settings("a", "x")]) == set()
	found_at([item("a", "v1", "ConfigMap", {"name": "s"}), item("b", "v1", "ConfigMap", {"name": "s"})]) == set()
	found_at([settings("a", ""), settings("b", "")]) == set()
	found_at([item("a", "v1", "Event", {"name": "s", "namespace": "x"}), item("b", "events.k8s.io/v1", "Event", {"name": "s", "namespace": "x"})]) == set()
}

test_duplicate_id_fails if {
	found_at([settings("a", "x"), settings("b", "x")]) == {
		[0, "ConfigMap/x/settings: component b holds it too"],
		[1, "ConfigMap/x/settings: component a holds it too"],
	}
	{place[0] | some place in found_at([role("a", "v1"), role("b", "v1beta1"), role("c", "v1")])} == {0, 1, 2}
}
