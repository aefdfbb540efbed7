package kubernetes_test

object_of(kind, name, spec) := {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "spec": spec}

replicas(n) := with_field("/spec/replicas", n)

autoscaler(kind, field, n) := object_of(kind, "web", {"scaleTargetRef": {"name": "web"}, field: n})

web_selector := {"matchLabels": {"app": "web"}}

test_pod_disruption_budget_passes if {
	combined_paths("pod-disruption-budget", [replicas(1)]) == set()
	combined_paths("pod-disruption-budget", [good]) == set()
	combined_paths("pod-disruption-budget", [replicas(2), object_of("PodDisruptionBudget", "a", {"selector": web_selector})]) == set()
	combined_paths("pod-disruption-budget", [replicas(2), object_of("PodDisruptionBudget", "a", {"selector": {}})]) == set()
}

test_pod_disruption_budget_fails if {
	combined_paths("pod-disruption-budget", [replicas(2)]) == {"0.metadata.name"}
	combined_paths("pod-disruption-budget", [good, autoscaler("HorizontalPodAutoscaler", "minReplicas", 2)]) == {"0.metadata.name"}
	combined_paths("pod-disruption-budget", [object_of("PodDisruptionBudget", "a", {}), replicas(2)]) == {"1.metadata.name"}
	combined_paths("pod-disruption-budget", [elsewhere(object_of("PodDisruptionBudget", "a", {"selector": web_selector})), replicas(2)]) == {"1.metadata.name"}
	combined_paths("pod-disruption-budget", [object_of("PodDisruptionBudget", "a", {"selector": null}), replicas(2)]) == {"1.metadata.name"}
}

test_production_replicas_passes if {
	combined_paths("production-replicas", [replicas(2)]) == set()
	combined_paths("production-replicas", [replicas(0)]) == set()
	combined_paths("production-replicas", [replicas(1), autoscaler("HorizontalPodAutoscaler", "minReplicas", 2)]) == set()
	combined_paths("production-replicas", [replicas(1), object_of("ScaledObject", "web", {"scaleTargetRef": {"name": "web"}})]) == set()
	combined_paths("production-replicas", [replicas(3), object_of("HorizontalPodAutoscaler", "a", {"scaleTargetRef": {"name": "a"}})]) == set()
	combined_paths("production-replicas", [object.union(good, {"kind": "DaemonSet"})]) == set()
	in_dev := [{"contents": replicas(1), "component": "web", "environment": "dev"}]
	results := data.kubernetes.component.warn with input as in_dev with data.platform as {"production": ["prod"]}
	not "production-replicas" in {result.id | some result in results}
}

test_production_replicas_fails if {
	combined_paths("production-replicas", [good]) == {"0.spec.replicas"}
	combined_paths("production-replicas", [replicas(1)]) == {"0.spec.replicas"}
	combined_paths("production-replicas", [replicas(3), autoscaler("HorizontalPodAutoscaler", "minReplicas", 1)]) == {"1.spec.minReplicas"}
	combined_paths("production-replicas", [replicas(3), autoscaler("HorizontalPodAutoscaler", "maxReplicas", 5)]) == {"1.spec.minReplicas"}
}

test_topology_spread_passes if {
	combined_paths("topology-spread", [replicas(1)]) == set()
	every field, value in {"topologySpreadConstraints": [{}], "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}}} {
		combined_paths("topology-spread", [json.patch(replicas(2), [{"op": "add", "path": sprintf("%s/%s", [pod, field]), "value": value}])]) == set()
	}
}

test_topology_spread_fails if {
	combined_paths("topology-spread", [replicas(2)]) == {"0.spec.template.spec.topologySpreadConstraints"}
}
