package main

# METADATA
# title: Names
# custom:
#   severity: low
violation contains {"msg": msg, "severity": "low", "path": ["metadata", "name"], "id": "names", "extra": {"n": 1}} if {
	not startswith(input.metadata.name, "x-")
	msg := sprintf("%s has no prefix", [input.metadata.name])
}

warn_replicas contains {"msg": "few replicas", "severity": "high"} if input.spec.replicas < 2
