package kubernetes_test

ingress(spec) := {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": spec}

hosts(names) := [{"host": name} | some name in names]

test_ingress_tls_passes if {
	paths("ingress-tls", ingress({"tls": [{"hosts": ["a.example.com"]}], "rules": hosts(["a.example.com"])})) == set()
	paths("ingress-tls", ingress({"tls": [{"hosts": ["*.example.com"]}], "rules": hosts(["a.example.com", "b.example.com"])})) == set()
	paths("ingress-tls", ingress({"tls": [{"secretName": "default"}], "rules": hosts(["a.example.com"])})) == set()
	paths("ingress-tls", ingress({"tls": [{"hosts": ["a.example.com"]}], "rules": [{"http": {}}]})) == set()
	every other in [{"apiVersion": "config.openshift.io/v1"}, {"kind": "NetworkPolicy"}] {
		paths("ingress-tls", object.union(ingress({}), other)) == set()
		paths("ingress-tls", object.union(ingress({"tls": [{"hosts": ["a"]}], "rules": hosts(["b"])}), other)) == set()
		paths("ingress-no-snippets", object.union(with_annotation("nginx.org/server-snippets"), other)) == set()
	}
}

test_ingress_tls_fails if {
	every spec in [{}, {"tls": []}, {"tls": null}, {"rules": hosts(["a.example.com"])}] {
		paths("ingress-tls", ingress(spec)) == {"spec.tls"}
	}
	every known in ["a.example.com", "*.com", "*.b.example.com"] {
		paths("ingress-tls", ingress({"tls": [{"hosts": [known]}], "rules": hosts(["b.example.com"])})) == {"spec.rules.0.host"}
	}
}

with_annotation(key) := object.union(ingress({"tls": [{}]}), {"metadata": {"annotations": {key: "x"}}})

test_ingress_no_snippets_passes if {
	every key in ["nginx.ingress.kubernetes.io/rewrite-target", "example.com/snippet-count"] {
		paths("ingress-no-snippets", with_annotation(key)) == set()
	}
}

test_ingress_no_snippets_fails if {
	every key in ["nginx.ingress.kubernetes.io/configuration-snippet", "nginx.org/server-snippets", "nginx.ingress.kubernetes.io/auth-snippet"] {
		paths("ingress-no-snippets", with_annotation(key)) == {sprintf("metadata.annotations.%s", [key])}
	}
}

service(type) := {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"type": type}}

test_service_exposure_passes if {
	paths("service-exposure", service("ClusterIP")) == set()
	every other in [{"kind": "Broker"}, {"apiVersion": "serving.knative.dev/v1"}] {
		paths("service-exposure", object.union(service("NodePort"), other)) == set()
	}
}

test_service_exposure_fails if {
	every type in ["LoadBalancer", "NodePort"] {
		paths("service-exposure", service(type)) == {"spec.type"}
	}
}
