package kubernetes_test

test_memory_limit_passes if {
	debug := with_field("/spec/template/spec/ephemeralContainers", [{"name": "debug", "image": "x"}])
	paths("memory-limit", debug) == set()
}

test_memory_limit_fails if {
	field := "resources.limits.memory"
	paths("memory-limit", without_field(sprintf("%s/resources", [app]))) == {app_path(field)}
	paths("memory-limit", with_field(sprintf("%s/resources/limits", [app]), {"cpu": 1})) == {app_path(field)}
	paths("memory-limit", with_field(sprintf("%s/resources/limits/memory", [init]), null)) == {init_path(field)}
}

test_owner_label_passes if paths("owner-label", good) == set()

test_owner_label_fails if {
	every labels in [{}, {"owner": ""}, {"owner": null}, {"app": "web"}, null] {
		paths("owner-label", with_field("/metadata/labels", labels)) == {"metadata.labels.owner"}
	}
	paths("owner-label", without_field("/metadata/labels")) == {"metadata.labels.owner"}
}

test_readiness_probe_passes if {
	job := json.patch(good, [
		{"op": "add", "path": "/kind", "value": "Job"},
		{"op": "remove", "path": sprintf("%s/readinessProbe", [app])},
	])
	paths("readiness-probe", job) == set()
}

test_readiness_probe_fails if {
	paths("readiness-probe", without_field(sprintf("%s/readinessProbe", [app]))) == {app_path("readinessProbe")}
}
