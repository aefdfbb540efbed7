# Compares label selectors with labels. It holds no rules of its own.
package lib.selectors

# The fields of a selector, as paths in it, that labels do not satisfy.
mismatches(selector, labels) := by_label | by_expression if {
	by_label := {["matchLabels", key] |
		some key, value in selector.matchLabels
		object.get(labels, key, null) != value
	}
	by_expression := {["matchExpressions", i] |
		some i, expression in selector.matchExpressions
		not satisfied(expression, labels)
	}
}

selects(selector, labels) if {
	is_object(selector)
	count(mismatches(selector, labels)) == 0
}

satisfied(expression, labels) if {
	expression.operator == "In"
	labels[expression.key] in expression.values
}

satisfied(expression, labels) if {
	expression.operator == "NotIn"
	not object.get(labels, expression.key, null) in expression.values
}

satisfied(expression, labels) if {
	expression.operator == "Exists"
	expression.key in object.keys(labels)
}

satisfied(expression, labels) if {
	expression.operator == "DoesNotExist"
	not expression.key in object.keys(labels)
}

# The labels of a resource or a pod template, also where there are none.
labels_of(resource) := labels if {
	labels := object.get(resource, ["metadata", "labels"], {})
	is_object(labels)
} else := {}
