package plan

import data.lib.changes
import data.lib.result

# METADATA
# title: What holds data is not destroyed
# description: >-
#   A database, a bucket, a volume or a key that is destroyed takes what it holds along, and a replacement starts empty. The
#   data key stateful_types lists the types.
# related_resources:
# - ref: https://opentofu.org/docs/language/meta-arguments/lifecycle/
# custom:
#   id: plan-stateful-destroy
#   severity: error
#   fix: "keep the resource: use a moved block after renaming it, or prevent_destroy; else back up, and waive this finding"
deny contains result.at(rego.metadata.rule(), array.concat(found.path, ["actions"]), message) if {
	some found in changes.all
	found.resource.type in data.stateful_types
	"delete" in found.change.actions
	message := sprintf("%s: will be %s", [found.resource.address, destroyed(found.change)])
}

destroyed(change) := sprintf("destroyed and made anew, because of %s", [concat(", ", fields)]) if {
	"create" in change.actions
	fields := {concat(".", [sprintf("%v", [step]) | some step in path]) | some path in change.replace_paths}
	count(fields) > 0
} else := "destroyed and made anew" if {
	"create" in change.actions
} else := "destroyed"

# METADATA
# title: Data is encrypted
# description: >-
#   Disks, snapshots and backups leave your hands: they are copied, shared by mistake, replaced and thrown away. Encrypted
#   ones tell nothing.
# related_resources:
# - ref: https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_protect_data_rest_encrypt.html
# custom:
#   id: plan-encryption
#   severity: error
#   fix: switch the encryption on; for most types that means a new resource, so begin with it
deny contains changes.at(rego.metadata.rule(), place.found, place.field, problem) if {
	some place in unencrypted
	problem := sprintf("%s is not on", [place.field[count(place.field) - 1]])
}

unencrypted contains {"found": found, "field": field} if {
	some found in changes.kept
	walk(found.change.after, [field, false])
	encrypts(field)
}

encrypts(field) if field[count(field) - 1] in data.encryption_fields

# A block that is called so may have a switch in it.
encrypts(field) if {
	field[count(field) - 1] == "enabled"
	some name in field
	name in data.encryption_fields
}

unencrypted contains {"found": found, "field": [field]} if {
	some type, fields in data.encrypted_by
	some found in changes.of_type({type})
	some field in fields
	object.get(found.change.after, field, null) in {null, ""}
	not changes.unknown(found, [field])
}

# METADATA
# title: Resources have the required tags
# description: >-
#   Tags say who owns a resource and who pays for it. Without them nobody dares to remove what nobody needs. The data key
#   required_tags lists them; without it this rule asks nothing.
# related_resources:
# - ref: https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html
# custom:
#   id: plan-required-tags
#   severity: error
#   fix: add the tag to the resource, or once for all of them to the provider's default_tags or default_labels
deny contains changes.at(rego.metadata.rule(), found, [field, tag], problem) if {
	some found in changes.kept
	some field, all in {"tags": ["tags", "tags_all"], "labels": ["labels", "effective_labels", "terraform_labels"]}
	field in object.keys(found.change.after)
	some tag in data.required_tags
	every known in all {
		not has_tag(found, known, tag)
	}
	problem := sprintf("has no tag %s", [tag])
}

has_tag(found, field, tag) if not object.get(found.change.after, [field, tag], "") in {"", null}

has_tag(found, field, tag) if changes.unknown(found, [field, tag])
