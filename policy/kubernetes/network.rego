package kubernetes

import data.lib.workload

is_ingress if {
	input.kind == "Ingress"
	regex.match(`^(networking\.k8s\.io|extensions)/`, input.apiVersion)
}

# METADATA
# title: Ingresses use TLS for every host
# description: >-
#   What is sent without TLS is read and changed on the way: passwords, session cookies, answers.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/ingress/#tls
# custom:
#   id: ingress-tls
#   severity: error
#   fix: add an entry to spec.tls with the host and the name of the Secret that holds its certificate
deny contains workload.in_resource(rego.metadata.rule(), plain.path, plain.problem) if some plain in without_tls

without_tls contains {"path": ["spec", "tls"], "problem": "has no TLS"} if {
	is_ingress
	no_tls
}

without_tls contains {"path": ["spec", "rules", i, "host"], "problem": problem} if {
	is_ingress
	not no_tls
	some i, rule in input.spec.rules
	not covered_by_tls(rule.host)
	problem := sprintf("no entry of tls is for host %s", [rule.host])
}

no_tls if object.get(input, ["spec", "tls"], []) in [[], null]

# An entry without hosts is for every host.
covered_by_tls(_) if {
	some entry in input.spec.tls
	object.get(entry, "hosts", []) in [[], null]
}

covered_by_tls(host) if {
	some entry in input.spec.tls
	some known in entry.hosts
	same_host(known, host)
}

same_host(host, host)

# A wildcard stands for one part of a name.
same_host(wildcard, host) if {
	startswith(wildcard, "*.")
	parts := split(host, ".")
	concat(".", array.slice(parts, 1, count(parts))) == substring(wildcard, 2, -1)
}

# METADATA
# title: Ingresses hold no configuration snippets
# description: >-
#   A snippet is pasted into the configuration of the proxy that all teams share. Whoever may write one reads every
#   certificate and every other team's traffic.
# related_resources:
# - ref: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#configuration-snippet
# custom:
#   id: ingress-no-snippets
#   severity: error
#   fix: use the annotation made for what you need, or ask the owners of the proxy for one
deny contains workload.in_resource(rego.metadata.rule(), ["metadata", "annotations", key], problem) if {
	is_ingress
	some key, _ in input.metadata.annotations
	regex.match(`[-/]snippets?$`, key)
	problem := sprintf("annotation %s changes the shared proxy's configuration", [key])
}

# METADATA
# title: Services are reached through the shared entry
# description: >-
#   A Service of type LoadBalancer or NodePort opens a way into the cluster past the ingress, its TLS, its logs and its
#   limits; a load balancer also costs money each hour.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types
# custom:
#   id: service-exposure
#   severity: warning
#   fix: "use type: ClusterIP, and an Ingress or an HTTPRoute for what others must reach"
warn contains workload.in_resource(rego.metadata.rule(), ["spec", "type"], problem) if {
	input.kind == "Service"
	input.apiVersion == "v1"
	input.spec.type in {"LoadBalancer", "NodePort"}
	problem := sprintf("type %s opens a way past the shared entry", [input.spec.type])
}
