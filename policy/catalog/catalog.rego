package catalog

import data.lib.result

# METADATA
# title: Everything has an owner
# description: >-
#   The owner is asked when it fails, reviews what changes, and decides when it goes. A placeholder is nobody.
# related_resources:
# - ref: https://backstage.io/docs/features/software-catalog/descriptor-format/#specowner-required
# custom:
#   id: catalog-owner
#   severity: error
#   fix: write the team that owns it into spec.owner, such as group:default/team-a
deny contains result.at(rego.metadata.rule(), ["spec", "owner"], message) if {
	of_backstage
	input.kind in {"Component", "API", "Resource", "System", "Domain"}
	owner := object.get(input, ["spec", "owner"], "")
	nobody(owner)
	message := sprintf("%s: has no owner", [name])
}

of_backstage if startswith(input.apiVersion, "backstage.io/")

name := sprintf("%s/%s", [input.kind, object.get(input, ["metadata", "name"], "")])

nobody(owner) if owner in {"", null}

# group:default/TODO is as good as TODO.
nobody(owner) if {
	parts := regex.split(`[:/]`, lower(owner))
	parts[count(parts) - 1] in {placeholder | some placeholder in data.placeholders}
}

# METADATA
# title: The lifecycle is a known one
# description: >-
#   The lifecycle tells others whether they may rely on a component. Only words that everybody knows tell something; the data
#   key lifecycles lists them.
# related_resources:
# - ref: https://backstage.io/docs/features/software-catalog/descriptor-format/#speclifecycle-required
# custom:
#   id: catalog-lifecycle
#   severity: error
#   fix: "write spec.lifecycle: experimental, production or deprecated"
deny contains result.at(rego.metadata.rule(), ["spec", "lifecycle"], message) if {
	of_backstage
	input.kind in {"Component", "API"}
	lifecycle := object.get(input, ["spec", "lifecycle"], "")
	not lifecycle in data.lifecycles
	message := sprintf("%s: lifecycle %q is none of %s", [name, sprintf("%v", [lifecycle]), concat(", ", data.lifecycles)])
}

# METADATA
# title: Components link their runbook
# description: >-
#   Whoever is called at night has not written the component. The runbook tells how to see what is wrong and how to roll back;
#   it is found in the catalog or not at all.
# related_resources:
# - ref: https://backstage.io/docs/features/software-catalog/descriptor-format/#links-optional
# custom:
#   id: catalog-runbook
#   severity: warning
#   fix: "add a link with type: runbook to metadata.links"
warn contains result.at(rego.metadata.rule(), ["metadata", "links"], sprintf("%s: links no runbook", [name])) if {
	of_backstage
	input.kind == "Component"
	not has_runbook
}

has_runbook if {
	some link in input.metadata.links
	some field in ["type", "title"]
	contains(lower(link[field]), "runbook")
	link.url != ""
}

has_runbook if {
	some key, value in input.metadata.annotations
	contains(lower(key), "runbook")
	value != ""
}

# METADATA
# title: Production has a gate
# description: >-
#   An environment that no other follows, and that takes promotions on its own without a gate, runs each release the moment
#   the environment before it does: nobody and nothing has looked at it.
# related_resources:
# - ref: https://github.com/org/platform/blob/main/docs/configuration.md
# custom:
#   id: catalog-production-gate
#   severity: warning
#   fix: "add a gate such as soak: 24h, or promotion: manual"
warn contains result.at(rego.metadata.rule(), ["spec", "environments", i, "promotion"], message) if {
	input.kind == "Platform"
	some i, environment in input.spec.environments
	environment.promotion == "automatic"
	object.get(environment, "gates", []) in [[], null]
	not environment.name in {upstream | some other in input.spec.environments; some upstream in other.promoteFrom}
	message := sprintf("environment %s takes every release without a gate", [environment.name])
}
