# Reads the plan of OpenTofu or Terraform, as "tofu show -json" and "terraform show -json" write it. It holds no rules of its own.
#
# A plan holds values that must not be read: passwords, keys, everything marked as sensitive. No message holds a value of the plan, only
# addresses of resources and names of fields, so that nothing has to be redacted.
package lib.changes

import data.lib.result

# Resources that the plan changes, with the path of the change.
all contains {"path": ["resource_changes", i, "change"], "resource": resource, "change": resource.change} if {
	some i, resource in input.resource_changes
	object.get(resource, "mode", "managed") == "managed"
	some action in resource.change.actions
	not action in {"no-op", "read"}
}

# Those that are there afterwards. What a plan does not change is left alone: it is not this plan's doing.
kept contains found if {
	some found in all
	is_object(found.change.after)
}

# Resources of a type, or of one of several.
of_type(types) := {found |
	some found in kept
	found.resource.type in types
}

# Whether a field, a path, will be known only when the plan is applied.
unknown(found, field) if {
	some n in numbers.range(1, count(field))
	object.get(object.get(found.change, "after_unknown", {}), array.slice(field, 0, n), false) == true
}

# The statements that allow something in a policy document, which is JSON in a text.
allowing(document) := [statement |
	json.is_valid(document)
	some statement in listed(object.get(json.unmarshal(document), "Statement", []))
	statement.Effect == "Allow"
]

# Where JSON may hold one or a list of them.
listed(value) := value if {
	is_array(value)
} else := [value]

# A violation at a field of a resource after the change.
at(rule, found, field, problem) := result.at(rule, path, sprintf("%s: %s", [found.resource.address, problem])) if {
	path := array.concat(array.concat(found.path, ["after"]), field)
}
