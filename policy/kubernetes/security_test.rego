package kubernetes_test

with_security(path, field, value) := with_field(sprintf("%s/securityContext/%s", [path, field]), value)

test_no_privileged_passes if paths("no-privileged", with_security(app, "privileged", false)) == set()

test_no_privileged_fails if {
	paths("no-privileged", with_security(app, "privileged", true)) == {app_path("securityContext.privileged")}
	paths("no-privileged", with_security(init, "privileged", true)) == {init_path("securityContext.privileged")}
}

test_run_as_non_root_passes if {
	each := json.patch(without_field(sprintf("%s/securityContext", [pod])), [
		{"op": "add", "path": sprintf("%s/securityContext/runAsNonRoot", [app]), "value": true},
		{"op": "add", "path": sprintf("%s/securityContext/runAsNonRoot", [init]), "value": true},
	])
	paths("run-as-non-root", each) == set()
}

test_run_as_non_root_fails if {
	in_pod := "spec.template.spec.securityContext.runAsNonRoot"
	paths("run-as-non-root", without_field(sprintf("%s/securityContext", [pod]))) == {in_pod}
	paths("run-as-non-root", with_security(pod, "runAsNonRoot", false)) == {in_pod}
	paths("run-as-non-root", with_security(app, "runAsNonRoot", false)) == {app_path("securityContext.runAsNonRoot")}
}

test_no_privilege_escalation_passes if {
	paths("no-privilege-escalation", with_security(app, "allowPrivilegeEscalation", false)) == set()
}

test_no_privilege_escalation_fails if {
	field := "securityContext.allowPrivilegeEscalation"
	paths("no-privilege-escalation", with_security(app, "allowPrivilegeEscalation", true)) == {app_path(field)}
	paths("no-privilege-escalation", without_field(sprintf("%s/securityContext", [init]))) == {init_path(field)}
}

test_drop_all_capabilities_passes if {
	value := {"drop": ["NET_RAW", "ALL"], "add": ["NET_BIND_SERVICE"]}
	paths("drop-all-capabilities", with_security(app, "capabilities", value)) == set()
}

test_drop_all_capabilities_fails if {
	field := "securityContext.capabilities.drop"
	every value in [{}, {"drop": []}, {"drop": null}, {"drop": ["NET_RAW"]}] {
		paths("drop-all-capabilities", with_security(app, "capabilities", value)) == {app_path(field)}
	}
	paths("drop-all-capabilities", without_field(sprintf("%s/securityContext", [init]))) == {init_path(field)}
}

test_read_only_root_filesystem_passes if {
	paths("read-only-root-filesystem", with_security(app, "readOnlyRootFilesystem", true)) == set()
}

test_read_only_root_filesystem_fails if {
	field := "securityContext.readOnlyRootFilesystem"
	paths("read-only-root-filesystem", with_security(app, "readOnlyRootFilesystem", false)) == {app_path(field)}
	paths("read-only-root-filesystem", without_field(sprintf("%s/securityContext", [init]))) == {init_path(field)}
}

test_no_host_namespaces_passes if {
	paths("no-host-namespaces", with_field(sprintf("%s/hostNetwork", [pod]), false)) == set()
	paths("no-host-namespaces", with_field(sprintf("%s/shareProcessNamespace", [pod]), true)) == set()
}

test_no_host_namespaces_fails if {
	every field in ["hostNetwork", "hostPID", "hostIPC"] {
		resource := with_field(sprintf("%s/%s", [pod, field]), true)
		paths("no-host-namespaces", resource) == {sprintf("spec.template.spec.%s", [field])}
	}
}

test_no_host_path_passes if {
	paths("no-host-path", with_field(sprintf("%s/volumes", [pod]), [{"name": "tmp", "emptyDir": {}}])) == set()
}

test_no_host_path_fails if {
	volumes := [{"name": "tmp", "emptyDir": {}}, {"name": "run", "hostPath": {"path": "/run"}}]
	paths("no-host-path", with_field(sprintf("%s/volumes", [pod]), volumes)) == {"spec.template.spec.volumes.1.hostPath"}
}

test_seccomp_profile_passes if {
	paths("seccomp-profile", with_security(pod, "seccompProfile", {"type": "Localhost", "localhostProfile": "x.json"})) == set()
	each := json.patch(without_field(sprintf("%s/securityContext/seccompProfile", [pod])), [
	{"op": "add", "path": sprintf("%s/securityContext/seccompProfile", [path]), "value": {"type": "RuntimeDefault"}} |
		some path in [app, init]
	])
	paths("seccomp-profile", each) == set()
}

test_seccomp_profile_fails if {
	in_pod := "spec.template.spec.securityContext.seccompProfile.type"
	paths("seccomp-profile", without_field(sprintf("%s/securityContext/seccompProfile", [pod]))) == {in_pod}
	paths("seccomp-profile", with_security(pod, "seccompProfile", {"type": "Unconfined"})) == {in_pod}
	unconfined := with_security(app, "seccompProfile", {"type": "Unconfined"})
	paths("seccomp-profile", unconfined) == {app_path("securityContext.seccompProfile.type")}
}

test_pods_of_windows_need_nothing_of_linux if {
	windows := json.patch(with_field(sprintf("%s/os", [pod]), {"name": "windows"}), [
	{"op": "remove", "path": sprintf("%s/securityContext", [path])} |
		some path in [pod, app, init]
	])
	every id in ["seccomp-profile", "drop-all-capabilities", "no-privilege-escalation", "read-only-root-filesystem"] {
		paths(id, windows) == set()
	}
	count(paths("run-as-non-root", windows)) == 1
}
