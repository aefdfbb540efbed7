# METADATA
# scope: package
# custom:
#   input: component
package kubernetes.component

import data.lib.component
import data.lib.selectors

# METADATA
# title: Replicated workloads have a PodDisruptionBudget
# description: >-
#   When nodes are drained for an upgrade, Kubernetes may stop all pods of a workload at once, unless a PodDisruptionBudget
#   says how many must stay.
# related_resources:
# - ref: https://kubernetes.io/docs/tasks/run-application/configure-pdb/
# custom:
#   id: pod-disruption-budget
#   severity: warning
#   fix: add a PodDisruptionBudget with maxUnavailable 1 whose selector matches the workload's pods
warn contains component.at(rego.metadata.rule(), workload.index, ["metadata", "name"], message) if {
	some entry in component.replicated
	entry.least > 1
	workload := entry.workload
	not has_budget(workload)
	message := sprintf("%s: no PodDisruptionBudget selects its pods", [workload.title])
}

has_budget(workload) if {
	some budget in component.of_kind("PodDisruptionBudget")
	budget.namespace == workload.namespace
	selectors.selects(budget.resource.spec.selector, workload.labels)
}

# METADATA
# title: Workloads in production have at least two replicas
# description: >-
#   With one replica each drained node, each failed node and each crash is an outage. In production, which is every
#   environment that no other follows, two are the least; an autoscaler's minimum counts. Zero replicas are switched off.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#replicas
# custom:
#   id: production-replicas
#   severity: warning
#   fix: set spec.replicas, or the autoscaler's minimum, to 2 or more in this environment
warn contains component.at(rego.metadata.rule(), entry.index, entry.path, message) if {
	some entry in component.replicated
	entry.least == 1
	entry.workload.environment in data.platform.production
	message := sprintf("%s: one replica in %s", [entry.workload.title, entry.workload.environment])
}

# METADATA
# title: Replicas are spread
# description: >-
#   Kubernetes may place all replicas of a workload on one node or in one zone, which then fail together. Spread them, or
#   keep them apart with podAntiAffinity.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
# custom:
#   id: topology-spread
#   severity: warning
#   fix: add topologySpreadConstraints with topologyKey kubernetes.io/hostname or topology.kubernetes.io/zone
warn contains component.at(rego.metadata.rule(), workload.index, field, message) if {
	some entry in component.replicated
	entry.least > 1
	workload := entry.workload
	not spread(workload.pod)
	field := array.concat(workload.pod_path, ["topologySpreadConstraints"])
	message := sprintf("%s: its replicas may all run on one node", [workload.title])
}

spread(pod) if count(pod.topologySpreadConstraints) > 0

spread(pod) if count(pod.affinity.podAntiAffinity) > 0
