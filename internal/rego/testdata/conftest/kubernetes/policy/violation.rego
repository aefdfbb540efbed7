package main

violation contains {"msg": msg, "details": {"missing": missing}} if {
	required := {"team", "owner"}
	provided := {key | input.metadata.labels[key]}
	missing := required - provided
	count(missing) > 0
	msg := sprintf("labels are missing: %v", [sort(missing)])
}
