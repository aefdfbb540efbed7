package kubernetes_test

test_removed_api_passes if {
	every api_version in ["networking.k8s.io/v1", "example.com/v1beta1"] {
		paths("removed-api", {"apiVersion": api_version, "kind": "Ingress"}) == set()
	}
	paths("removed-api", {"apiVersion": "policy/v1beta1", "kind": "Unknown"}) == set()
}

test_removed_api_fails if {
	every api_version, kind in {"networking.k8s.io/v1beta1": "Ingress", "batch/v1beta1": "CronJob", "policy/v1beta1": "PodSecurityPolicy"} {
		paths("removed-api", {"apiVersion": api_version, "kind": kind}) == {"apiVersion"}
	}
}

messages(api_version, kind) := {result.msg |
	some result in data.kubernetes.deny with input as {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}}
	result.id == "removed-api"
}

test_removed_api_says_what_to_use if {
	messages("batch/v1beta1", "CronJob") == {"CronJob/a: batch/v1beta1 was removed in Kubernetes 1.25; use batch/v1"}
	nothing := "PodSecurityPolicy/a: policy/v1beta1 was removed in Kubernetes 1.25; nothing takes its place"
	messages("policy/v1beta1", "PodSecurityPolicy") == {nothing}
}

test_every_removed_api_is_complete if {
	every kinds in data.removed_apis {
		every removed in kinds {
			regex.match(`^1\.\d+$`, removed.gone)
			not object.get(removed, "use", "") in object.keys(data.removed_apis)
		}
	}
}

test_no_default_namespace_passes if {
	every metadata in [{}, {"namespace": "shop"}, {"namespace": ""}] {
		paths("no-default-namespace", {"kind": "ConfigMap", "metadata": metadata}) == set()
	}
}

test_no_default_namespace_fails if {
	paths("no-default-namespace", {"kind": "ConfigMap", "metadata": {"namespace": "default"}}) == {"metadata.namespace"}
}

with_selector(selector) := with_field("/spec/selector", selector)

test_selector_matches_template_passes if {
	paths("selector-matches-template", with_selector({"matchExpressions": [
		{"key": "app", "operator": "In", "values": ["web", "api"]},
		{"key": "app", "operator": "NotIn", "values": ["api"]},
		{"key": "app", "operator": "Exists"},
		{"key": "tier", "operator": "DoesNotExist"},
	]})) == set()
	paths("selector-matches-template", {"kind": "Job", "metadata": {"name": "a"}, "spec": {"template": {}}}) == set()
}

test_selector_matches_template_fails if {
	paths("selector-matches-template", with_selector({"matchLabels": {"app": "web", "tier": "x"}})) == {"spec.selector.matchLabels.tier"}
	paths("selector-matches-template", without_field("/spec/template/metadata")) == {"spec.selector.matchLabels.app"}
	paths("selector-matches-template", with_field("/spec/template/metadata/labels", null)) == {"spec.selector.matchLabels.app"}
	paths("selector-matches-template", without_field("/spec/selector")) == {"spec.selector"}
	every expression in [
		{"key": "app", "operator": "In", "values": ["api"]},
		{"key": "app", "operator": "NotIn", "values": ["web"]},
		{"key": "tier", "operator": "Exists"},
		{"key": "app", "operator": "DoesNotExist"},
		{"key": "app", "operator": "Like"},
	] {
		paths("selector-matches-template", with_selector({"matchExpressions": [expression]})) == {"spec.selector.matchExpressions.0"}
	}
}
