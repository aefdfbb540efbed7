# The result of a rule, which its METADATA complete. It holds no rules of its own, and is the same file in every bundle.
package lib.result

# A finding at a field: a list of keys and indexes, which may lead to a field that is missing.
at(rule, path, message) := {
	"id": rule.custom.id,
	"severity": rule.custom.severity,
	"msg": message,
	"path": path,
	"fix": rule.custom.fix,
	"url": rule.related_resources[0].ref,
}
