package lib.workload_test

import data.lib.workload

test_every_kind_has_its_containers_found if {
	every kind, path in workload.pod_paths {
		pod := {"containers": [{"name": "a"}], "initContainers": [{"name": "b"}], "ephemeralContainers": [{"name": "c"}]}
		resource := json.patch({"kind": kind, "metadata": {"name": "web"}}, [{"op": "add", "path": parent(path, i), "value": {}} |
			some i, _ in path
		])
		found := workload.containers with input as json.patch(resource, [{"op": "add", "path": path, "value": pod}])
		{c.path | some c in found} == {array.concat(path, [field, 0]) | some field, _ in pod}
	}
}

parent(path, i) := array.slice(path, 0, i + 1)

test_other_kinds_have_none if {
	count(workload.containers) == 0 with input as {"kind": "Service", "spec": {"containers": [{"name": "a"}]}}
	not workload.pod_path with input as {"kind": "Service"}
}

test_a_workload_without_a_pod_has_none if {
	count(workload.containers) == 0 with input as {"kind": "Deployment", "spec": null}
}

test_a_container_without_a_name_is_called_by_its_index if {
	titles := {c.title | some c in workload.containers} with input as {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{}]}}
	titles == {"Pod/p, container 0"}
}

test_debug_containers_are_not_permanent if {
	count(workload.permanent) == 1 with input as {"kind": "Pod", "spec": {"containers": [{}], "ephemeralContainers": [{}]}}
}
