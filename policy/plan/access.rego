package plan

import data.lib.changes

everybody := {"0.0.0.0/0", "::/0", "*", "Internet", "Any", "any"}

# METADATA
# title: Ports are not open to everybody
# description: >-
#   Everything that can be reached from the whole internet is found within minutes and attacked for ever. The ports of the
#   data key public_ports, 80 and 443, may be open.
# related_resources:
# - ref: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
# custom:
#   id: plan-public-ingress
#   severity: error
#   fix: name the networks that may connect, or put a load balancer in front that listens on 443
deny contains changes.at(rego.metadata.rule(), place.found, place.field, "is open to everybody") if {
	some place in open_sources
	place.source in everybody
	not public_port(place.rule)
}

# Where a source of traffic is named, with the rule that holds the ports.
open_sources contains {"found": found, "field": array.concat(group.path, field), "source": source, "rule": group.rule} if {
	some found in changes.kept
	some group in ingress_rules(found)
	some name in source_fields
	some field, source in sources(name, group.rule[name])
}

source_fields := [
	"cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "source_ranges", "source_address_prefix", "source_address_prefixes",
]

sources(name, value) := {[name, i]: source | some i, source in value} if {
	is_array(value)
} else := {[name]: value}

ingress_rules(found) := [{"path": ["ingress", i], "rule": rule} | some i, rule in found.change.after.ingress] if {
	found.resource.type in {"aws_security_group", "aws_default_security_group"}
} else := [{"path": ["security_rule", i], "rule": rule} | some i, rule in found.change.after.security_rule; inbound(rule)] if {
	found.resource.type == "azurerm_network_security_group"
} else := [{"path": [], "rule": found.change.after}] if {
	found.resource.type in {
		"aws_security_group_rule", "aws_vpc_security_group_ingress_rule",
		"google_compute_firewall", "azurerm_network_security_rule",
	}
	inbound(found.change.after)
}

# Each cloud has its own words for what lets traffic in. What is not set means it.
inbound(rule) if {
	every field, words in {"type": {"ingress"}, "direction": {"ingress", "inbound"}, "access": {"allow"}} {
		lower(word(rule, field)) in (words | {""})
	}
	object.get(rule, "deny", null) in {null, []}
}

word(rule, field) := rule[field] if {
	is_string(rule[field])
} else := ""

public_port(rule) if {
	rule.from_port == rule.to_port
	rule.from_port in data.public_ports
	not every_protocol(rule)
}

# AWS then looks at no port.
every_protocol(rule) if {
	some field in ["protocol", "ip_protocol"]
	rule[field] in {"-1", "all"}
}

public_port(rule) if is_public(rule.destination_port_range)

public_port(rule) if {
	count(rule.allow) > 0
	every allowed in rule.allow {
		count(allowed.ports) > 0
		every port in allowed.ports {
			is_public(port)
		}
	}
}

# A port in a text, which may hold a range.
is_public(port) if {
	some known in data.public_ports
	port == sprintf("%v", [known])
}

# METADATA
# title: Data is not open to everybody
# description: >-
#   A public bucket, database or registry is read by everybody who guesses its name. What must be public is served by a
#   content delivery network.
# related_resources:
# - ref: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
# custom:
#   id: plan-public-access
#   severity: error
#   fix: take the access back, and give it to those who need it by name
deny contains changes.at(rego.metadata.rule(), place.found, place.field, "is open to everybody") if some place in public_fields

public_fields contains {"found": found, "field": [field]} if {
	some found in changes.kept
	some field, values in {
		"acl": {"public-read", "public-read-write", "authenticated-read", "publicRead", "publicReadWrite"},
		"publicly_accessible": {true},
		"allow_nested_items_to_be_public": {true},
		"container_access_type": {"blob", "container"},
		"member": {"allUsers", "allAuthenticatedUsers"},
	}
	found.change.after[field] in values
}

public_fields contains {"found": found, "field": ["members", i]} if {
	some found in changes.kept
	some i, member in found.change.after.members
	member in {"allUsers", "allAuthenticatedUsers"}
}

public_fields contains {"found": found, "field": [field]} if {
	some found in changes.of_type({"aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"})
	some field in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
	object.get(found.change.after, field, null) in {false, null}
	not changes.unknown(found, [field])
}

public_fields contains {"found": found, "field": field} if {
	some found in changes.of_type({"google_sql_database_instance"})
	walk(found.change.after, [field, network])
	field[count(field) - 1] == "value"
	"authorized_networks" in field
	network in everybody
}

# Whoever the policy of a bucket, a queue or a key names as everybody, without a condition.
public_fields contains {"found": found, "field": ["policy"]} if {
	some found in changes.kept
	some statement in changes.allowing(found.change.after.policy)
	not statement.Condition
	anybody(statement.Principal)
}

anybody("*")

anybody(principal) if "*" in changes.listed(principal.AWS)

# METADATA
# title: Rights are named
# description: >-
#   A wildcard also allows what does not exist yet, and whoever takes over the program that has the right has everything. A
#   Resource "*" is fine for actions that only read lists, which know nothing else.
# related_resources:
# - ref: https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
# custom:
#   id: plan-iam-wildcard
#   severity: error
#   fix: list the actions and the resources that are needed, or use a role made for the purpose
deny contains changes.at(rego.metadata.rule(), place.found, place.field, place.problem) if some place in wide_rights

wide_rights contains {"found": found, "field": ["policy"], "problem": "allows all actions"} if {
	some found in changes.kept
	some statement in changes.allowing(found.change.after.policy)
	some action in changes.listed(statement.Action)
	action in {"*", "*:*"}
}

wide_rights contains {"found": found, "field": ["policy"], "problem": "allows all actions but some"} if {
	some found in changes.kept
	some statement in changes.allowing(found.change.after.policy)
	statement.NotAction
}

wide_rights contains {"found": found, "field": ["policy"], "problem": "allows changes of all resources"} if {
	some found in changes.kept
	startswith(found.resource.type, "aws_iam_") # the policy of a bucket or a key has itself as its resource
	some statement in changes.allowing(found.change.after.policy)
	"*" in changes.listed(statement.Resource)
	some action in changes.listed(statement.Action)
	not regex.match(`^[^:]+:(Describe|Get|List|BatchGet)`, action)
}

wide_rights contains {"found": found, "field": [field], "problem": "gives a role that may do everything"} if {
	some found in changes.kept
	some field in ["role", "role_definition_name"]
	found.change.after[field] in data.admin_roles
}
