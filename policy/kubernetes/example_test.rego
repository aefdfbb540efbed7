# The workload that passes every rule. Tests change one field of it and look at the one rule that must answer.
package kubernetes_test

digest := "sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1"

good := {
	"apiVersion": "apps/v1",
	"kind": "Deployment",
	"metadata": {"name": "web", "labels": {"owner": "team-a"}},
	"spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
		"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
		"initContainers": [container("migrate")],
		"containers": [object.union(container("app"), {"readinessProbe": probe, "livenessProbe": probe})],
	}}},
}

probe := {"httpGet": {"port": 8080}}

container(name) := {
	"name": name,
	"image": sprintf("registry.example.com:5000/%s@%s", [name, digest]),
	"securityContext": {
		"allowPrivilegeEscalation": false,
		"readOnlyRootFilesystem": true,
		"capabilities": {"drop": ["ALL"]},
	},
	"resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
}

pod := "/spec/template/spec"

app := sprintf("%s/containers/0", [pod])

init := sprintf("%s/initContainers/0", [pod])

with_field(path, value) := json.patch(good, [{"op": "add", "path": path, "value": value}])

without_field(path) := json.patch(good, [{"op": "remove", "path": path}])

# The paths at which a rule finds something in a resource, dotted.
paths(id, resource) := {path |
	results := data.kubernetes.deny | data.kubernetes.warn with input as resource
	some result in results
	result.id == id
	path := concat(".", [sprintf("%v", [step]) | some step in result.path])
}

app_path(field) := sprintf("spec.template.spec.containers.0.%s", [field])

init_path(field) := sprintf("spec.template.spec.initContainers.0.%s", [field])

# The paths at which a rule finds something among the objects of one component, dotted, without the field contents.
combined_paths(id, resources) := {path |
	items := [{"contents": resource, "component": "web", "environment": "prod"} | some resource in resources]
	results := data.kubernetes.component.deny | data.kubernetes.component.warn with input as items with data.platform as {"production": ["prod"]}
	some result in results
	result.id == id
	result.path[1] == "contents"
	path := concat(".", [sprintf("%v", [step]) | some i, step in result.path; i != 1])
}

test_the_good_workload_passes_everything if {
	count(data.kubernetes.deny) == 0 with input as good
	count(data.kubernetes.warn) == 0 with input as good
}

test_other_kinds_pass_everything if {
	service := {"kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}
	count(data.kubernetes.deny) == 0 with input as service
	count(data.kubernetes.warn) == 0 with input as service
}

test_a_violation_says_everything if {
	data.kubernetes.deny == {{
		"id": "no-host-namespaces",
		"severity": "error",
		"msg": "Deployment/web: hostNetwork shares a namespace of the node",
		"path": ["spec", "template", "spec", "hostNetwork"],
		"fix": "remove the field, and reach the workload through a Service",
		"url": "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
	}} with input as with_field("/spec/template/spec/hostNetwork", true)
}
