package catalog_test

paths(id, document) := {path |
	results := data.catalog.deny | data.catalog.warn with input as document
	some result in results
	result.id == id
	path := concat(".", [sprintf("%v", [step]) | some step in result.path])
}

entity(kind, fields) := object.union({"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": {"name": "a"}}, fields)

owned(owner) := entity("Component", {"spec": {"owner": owner}})

test_owner_passes if {
	every owner in ["team-a", "group:default/team-a", "user:jane"] {
		paths("catalog-owner", owned(owner)) == set()
	}
	paths("catalog-owner", entity("Location", {})) == set()
	every id in ["catalog-owner", "catalog-lifecycle", "catalog-runbook"] {
		paths(id, {"apiVersion": "v1", "kind": "Component"}) == set()
	}
}

test_owner_fails if {
	every owner in ["", null, "TODO", "group:default/unknown", "user:default/guest"] {
		paths("catalog-owner", owned(owner)) == {"spec.owner"}
	}
	every kind in ["Component", "API", "Resource", "System", "Domain"] {
		paths("catalog-owner", entity(kind, {})) == {"spec.owner"}
	}
}

test_lifecycle_passes if {
	paths("catalog-lifecycle", entity("API", {"spec": {"lifecycle": "production"}})) == set()
	paths("catalog-lifecycle", entity("Resource", {})) == set()
	paths("catalog-lifecycle", entity("API", {"spec": {"lifecycle": "beta"}})) == set() with data.lifecycles as ["beta"]
}

test_lifecycle_fails if {
	every spec in [{}, {"lifecycle": "prod"}, {"lifecycle": 1}, {"lifecycle": null}] {
		paths("catalog-lifecycle", entity("Component", {"spec": spec})) == {"spec.lifecycle"}
	}
}

test_runbook_passes if {
	every metadata in [
		{"links": [{"url": "https://a/b", "type": "runbook"}]},
		{"links": [{"url": "https://a/b", "title": "The Runbook"}]},
		{"annotations": {"example.com/runbook-url": "https://a/b"}},
	] {
		paths("catalog-runbook", entity("Component", {"metadata": metadata})) == set()
	}
	paths("catalog-runbook", entity("System", {})) == set()
}

test_runbook_fails if {
	every metadata in [
		{},
		{"links": [{"url": "https://a/b", "type": "docs"}]},
		{"links": [{"url": "", "type": "runbook"}]},
		{"links": [{"url": "https://a/runbook", "type": "docs", "icon": "runbook"}]},
		{"annotations": {"runbook": "", "x": "y"}},
	] {
		paths("catalog-runbook", entity("Component", {"metadata": metadata})) == {"metadata.links"}
	}
}

platform(environments) := {"apiVersion": "platform/v1", "kind": "Platform", "metadata": {"name": "x"}, "spec": {"environments": environments}}

test_production_gate_passes if {
	every last in [{"promotion": "manual"}, {}, {"promotion": "automatic", "gates": [{"soak": "24h"}]}] {
		environments := [{"name": "dev"}, object.union({"name": "prod", "promoteFrom": ["dev"]}, last)]
		paths("catalog-production-gate", platform(environments)) == set()
	}
	middle := [{"name": "a"}, {"name": "b", "promoteFrom": ["a"], "promotion": "automatic"}, {"name": "c", "promoteFrom": ["b"]}]
	paths("catalog-production-gate", platform(middle)) == set()
}

test_production_gate_of_another_kind_passes if {
	ungated := [{"name": "dev"}, {"name": "prod", "promoteFrom": ["dev"], "promotion": "automatic"}]
	paths("catalog-production-gate", object.union(platform(ungated), {"kind": "Other"})) == set()
}

test_production_gate_fails if {
	environments := [{"name": "dev"}, {"name": "prod", "promoteFrom": ["dev"], "promotion": "automatic", "gates": []}]
	paths("catalog-production-gate", platform(environments)) == {"spec.environments.1.promotion"}
}
