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

test_liveness_probe_passes if {
	paths("liveness-probe", json.patch(without_field(sprintf("%s/livenessProbe", [app])), [{"op": "add", "path": "/kind", "value": "CronJob"}])) == set()
}

test_liveness_probe_fails if {
	paths("liveness-probe", without_field(sprintf("%s/livenessProbe", [app]))) == {app_path("livenessProbe")}
}

test_resource_requests_passes if {
	paths("resource-requests", with_field(sprintf("%s/resources", [app]), {"limits": {"cpu": 1, "memory": "1Gi"}})) == set()
	of_the_pod := with_field(sprintf("%s/resources", [pod]), {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"memory": "1Gi"}})
	bare := json.patch(of_the_pod, [{"op": "remove", "path": sprintf("%s/resources", [path])} | some path in [app, init]])
	paths("resource-requests", bare) == set()
	paths("memory-limit", bare) == set()
}

test_resource_requests_fails if {
	both := {app_path("resources.requests.cpu"), app_path("resources.requests.memory")}
	paths("resource-requests", without_field(sprintf("%s/resources", [app]))) == both
	paths("resource-requests", with_field(sprintf("%s/resources", [app]), {"limits": {"memory": 1}})) == {app_path("resources.requests.cpu")}
	paths("resource-requests", with_field(sprintf("%s/resources/requests/cpu", [init]), null)) == {init_path("resources.requests.cpu")}
}

test_owner_label_of_another_name_passes if {
	paths("owner-label", with_field("/metadata/labels", {"team": "a"})) == set()
	paths("owner-label", with_field("/metadata/labels", {"squad": "a"})) == set() with data.owner_labels as ["squad"]
	paths("owner-label", good) == {"metadata.labels.squad"} with data.owner_labels as ["squad"]
}
