package kubernetes_test

service_for(selector) := object_of("Service", "web", {"selector": selector})

test_service_selects_pods_passes if {
	combined_paths("service-selects-pods", [good, service_for({"app": "web"})]) == set()
	combined_paths("service-selects-pods", [good, object_of("Service", "web", {})]) == set()
	combined_paths("service-selects-pods", [service_for({"app": "other"})]) == set()
	combined_paths("service-selects-pods", [good, object.union(service_for({"app": "x"}), {"apiVersion": "serving.knative.dev/v1"})]) == set()
	combined_paths("service-selects-pods", [good, elsewhere(service_for({"app": "x"}))]) == set()
	combined_paths("service-selects-pods", [good, object_of("Service", "a", {"type": "ExternalName", "selector": {"app": "x"}})]) == set()
	combined_paths("service-selects-pods", [pod_of({"app": "web", "tier": "x"}), service_for({"app": "web"})]) == set()
}

pod_of(labels) := {"kind": "Pod", "metadata": {"name": "p", "labels": labels}, "spec": {"containers": []}}

test_service_selects_pods_fails if {
	combined_paths("service-selects-pods", [good, service_for({"app": "web", "tier": "x"})]) == {"1.spec.selector.tier"}
	combined_paths("service-selects-pods", [pod_of({"a": "1"}), pod_of({"b": "2"}), service_for({"a": "1", "b": "2"})]) == {"2.spec.selector"}
	cron := {"kind": "CronJob", "metadata": {"name": "c"}, "spec": {"jobTemplate": {"spec": {"template": {"spec": {}}}}}}
	combined_paths("service-selects-pods", [cron, service_for({"app": "web"})]) == {"1.spec.selector.app"}
}

test_network_policy_passes if {
	combined_paths("network-policy", [good, object_of("NetworkPolicy", "a", {"podSelector": web_selector})]) == set()
	combined_paths("network-policy", [good, object_of("NetworkPolicy", "a", {})]) == set()
	combined_paths("network-policy", [good, object_of("CiliumNetworkPolicy", "a", {"endpointSelector": web_selector})]) == set()
}

elsewhere(resource) := object.union(resource, {"metadata": {"namespace": "other"}})

test_network_policy_fails if {
	combined_paths("network-policy", [good, elsewhere(object_of("NetworkPolicy", "a", {}))]) == {"0.metadata.name"}
	combined_paths("network-policy", [good]) == {"0.metadata.name"}
	combined_paths("network-policy", [good, object_of("NetworkPolicy", "a", {"podSelector": {"matchLabels": {"app": "x"}}})]) == {"0.metadata.name"}
}

automount(value) := with_field(sprintf("%s/automountServiceAccountToken", [pod]), value)

account(name, value) := {"kind": "ServiceAccount", "metadata": {"name": name}, "automountServiceAccountToken": value}

test_no_token_automount_passes if {
	combined_paths("no-token-automount", [automount(false)]) == set()
	combined_paths("no-token-automount", [good, account("default", false)]) == set()
	combined_paths("no-token-automount", [with_field(sprintf("%s/serviceAccountName", [pod]), "web"), account("web", false)]) == set()
}

test_no_token_automount_fails if {
	field := "0.spec.template.spec.automountServiceAccountToken"
	combined_paths("no-token-automount", [good]) == {field}
	combined_paths("no-token-automount", [automount(true), account("default", false)]) == {field}
	combined_paths("no-token-automount", [good, account("default", true)]) == {field}
	combined_paths("no-token-automount", [good, account("web", false)]) == {field}
	combined_paths("no-token-automount", [good, elsewhere(account("default", false))]) == {field}
}
