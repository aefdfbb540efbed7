package plan_test

# A plan that makes or changes one resource.
planned(type, after) := changed(type, {"actions": ["create"], "before": null, "after": after, "after_unknown": {}})

changed(type, change) := {"resource_changes": [{"address": sprintf("%s.x", [type]), "mode": "managed", "type": type, "name": "x", "change": change}]}

# The paths at which a rule finds something, dotted, below the resource's change.
paths(id, document) := {path |
	some result in data.plan.deny with input as document
	result.id == id
	array.slice(result.path, 0, 3) == ["resource_changes", 0, "change"]
	path := concat(".", [sprintf("%v", [step]) | some i, step in result.path; i > 2])
}

test_stateful_destroy_passes if {
	paths("plan-stateful-destroy", changed("aws_db_instance", {"actions": ["update"], "after": {}})) == set()
	paths("plan-stateful-destroy", changed("aws_instance", {"actions": ["delete"], "after": null})) == set()
	paths("plan-stateful-destroy", changed("aws_db_instance", {"actions": ["delete"], "after": null})) == set() with data.stateful_types as []
}

test_stateful_destroy_fails if {
	every actions in [["delete"], ["delete", "create"], ["create", "delete"]] {
		paths("plan-stateful-destroy", changed("google_sql_database_instance", {"actions": actions, "after": {}})) == {"actions"}
	}
	replaced := changed("aws_db_instance", {"actions": ["delete", "create"], "after": {}, "replace_paths": [["engine"], ["a", 0, "b"]]})
	every reason in [{}, {"replace_paths": []}] {
		anew := data.plan.deny with input as changed("aws_db_instance", object.union({"actions": ["create", "delete"], "after": null}, reason))
		{result.msg | some result in anew} == {"aws_db_instance.x: will be destroyed and made anew"}
	}
	results := data.plan.deny with input as replaced
	sentence := "aws_db_instance.x: will be destroyed and made anew, because of a.0.b, engine"
	sentence in {result.msg | some result in results}
}

test_encryption_passes if {
	paths("plan-encryption", planned("aws_db_instance", {"storage_encrypted": true, "multi_az": false})) == set()
	read := [object.union(resource, {"mode": "data"}) | some resource in planned("aws_db_instance", {}).resource_changes]
	paths("plan-encryption", {"resource_changes": read}) == set()
	paths("plan-encryption", changed("aws_ebs_volume", {"actions": ["create"], "after": {}, "after_unknown": {"encrypted": true}})) == set()
	paths("plan-encryption", changed("aws_db_instance", {"actions": ["no-op"], "after": {"storage_encrypted": false}})) == set()
	paths("plan-encryption", changed("aws_db_instance", {"actions": ["delete"], "after": null})) == set()
}

test_encryption_fails if {
	paths("plan-encryption", planned("aws_db_instance", {"storage_encrypted": false})) == {"after.storage_encrypted"}
	paths("plan-encryption", planned("aws_rds_cluster", {})) == {"after.storage_encrypted"}
	paths("plan-encryption", planned("aws_cloudtrail", {"kms_key_id": ""})) == {"after.kms_key_id"}
	nested := {"root_block_device": [{"encrypted": true}, {"encrypted": false}]}
	paths("plan-encryption", planned("aws_instance", nested)) == {"after.root_block_device.1.encrypted"}
	blocks := {"encrypt_at_rest": [{"enabled": false, "other": false}], "auto_tune": [{"enabled": false}]}
	paths("plan-encryption", planned("aws_opensearch_domain", blocks)) == {"after.encrypt_at_rest.0.enabled"}
}

test_required_tags_passes if {
	paths("plan-required-tags", planned("aws_s3_bucket", {"tags": null})) == set()
	paths("plan-required-tags", planned("aws_iam_policy_attachment", {})) == set() with data.required_tags as ["owner"]
	inherited := planned("aws_s3_bucket", {"tags": null, "tags_all": {"owner": "a"}})
	paths("plan-required-tags", inherited) == set() with data.required_tags as ["owner"]
	later := changed("aws_s3_bucket", {"actions": ["create"], "after": {"tags": {}}, "after_unknown": {"tags_all": true}})
	paths("plan-required-tags", later) == set() with data.required_tags as ["owner"]
}

test_required_tags_fails if {
	every field in ["tags", "labels"] {
		found := paths("plan-required-tags", planned("aws_s3_bucket", {field: {"owner": "", "cost": "x"}})) with data.required_tags as ["owner", "cost"]
		found == {sprintf("after.%s.owner", [field])}
	}
	paths("plan-required-tags", planned("aws_s3_bucket", {"tags": null})) == {"after.tags.owner"} with data.required_tags as ["owner"]
}

rule(fields) := object.union({"from_port": 22, "to_port": 22}, fields)

test_public_ingress_passes if {
	every type, after in {
		"aws_security_group": {"ingress": [rule({"cidr_blocks": ["10.0.0.0/8"]}), {"from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}]},
		"aws_security_group_rule": rule({"type": "egress", "cidr_blocks": ["0.0.0.0/0"]}),
		"aws_instance": {"cidr_blocks": ["0.0.0.0/0"]},
		"aws_vpc_security_group_ingress_rule": {"cidr_ipv4": "10.0.0.0/8", "description": "*"},
		"google_compute_firewall": {"source_ranges": ["0.0.0.0/0"], "allow": [{"protocol": "tcp", "ports": ["80", "443"]}]},
		"azurerm_network_security_rule": {"access": "Deny", "direction": "Inbound", "source_address_prefix": "*"},
		"azurerm_network_security_group": {"security_rule": [{"access": "Allow", "direction": "Outbound", "source_address_prefix": "*"}]},
	} {
		paths("plan-public-ingress", planned(type, after)) == set()
	}
	denied := {"direction": "INGRESS", "source_ranges": ["0.0.0.0/0"], "allow": [], "deny": [{"protocol": "all"}]}
	paths("plan-public-ingress", planned("google_compute_firewall", denied)) == set()
	azure := {"access": "Allow", "direction": "Inbound", "source_address_prefix": "Internet", "destination_port_range": "443"}
	paths("plan-public-ingress", planned("azurerm_network_security_rule", azure)) == set()
}

test_public_ingress_fails if {
	groups := {"ingress": [rule({"cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"]}), rule({"ipv6_cidr_blocks": ["::/0"]})]}
	paths("plan-public-ingress", planned("aws_security_group", groups)) == {"after.ingress.0.cidr_blocks.1", "after.ingress.1.ipv6_cidr_blocks.0"}
	paths("plan-public-ingress", planned("aws_security_group_rule", rule({"type": "ingress", "cidr_blocks": ["0.0.0.0/0"]}))) == {"after.cidr_blocks.0"}
	paths("plan-public-ingress", planned("aws_vpc_security_group_ingress_rule", rule({"cidr_ipv4": "0.0.0.0/0"}))) == {"after.cidr_ipv4"}
	google := {"direction": "INGRESS", "source_ranges": ["0.0.0.0/0"], "allow": [{"protocol": "tcp", "ports": ["443", "1-100"]}]}
	paths("plan-public-ingress", planned("google_compute_firewall", google)) == {"after.source_ranges.0"}
	every allow in [[{"protocol": "all", "ports": []}], []] {
		after := {"direction": null, "source_ranges": ["0.0.0.0/0"], "allow": allow}
		paths("plan-public-ingress", planned("google_compute_firewall", after)) == {"after.source_ranges.0"}
	}
	every field in ["protocol", "ip_protocol"] {
		after := {"cidr_ipv4": "0.0.0.0/0", "from_port": 443, "to_port": 443, field: "-1"}
		paths("plan-public-ingress", planned("aws_vpc_security_group_ingress_rule", after)) == {"after.cidr_ipv4"}
	}
	range := {"type": "ingress", "cidr_blocks": ["0.0.0.0/0"], "from_port": 443, "to_port": 9000}
	paths("plan-public-ingress", planned("aws_security_group_rule", range)) == {"after.cidr_blocks.0"}
	azure := {"security_rule": [{"access": "Allow", "direction": "Inbound", "source_address_prefix": "*", "destination_port_range": "22"}]}
	paths("plan-public-ingress", planned("azurerm_network_security_group", azure)) == {"after.security_rule.0.source_address_prefix"}
}

all_blocked := {"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}

policy(statement) := json.marshal({"Statement": [object.union({"Effect": "Allow"}, statement)]})

test_public_access_passes if {
	every type, after in {
		"aws_s3_bucket_acl": {"acl": "private"},
		"aws_db_instance": {"publicly_accessible": false},
		"aws_s3_bucket_public_access_block": all_blocked,
		"google_storage_bucket_iam_binding": {"members": ["user:a@example.com"]},
		"google_sql_database_instance": {"settings": [{"ip_configuration": [{"authorized_networks": [{"name": "0.0.0.0/0", "value": "10.0.0.0/8"}]}]}]},
		"aws_s3_bucket_policy": {"policy": policy({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}})},
		"aws_sqs_queue": {"policy": policy({"Principal": {"AWS": "arn:aws:iam::1:root"}})},
		"aws_sns_topic": {"policy": "no JSON"},
	} {
		paths("plan-public-access", planned(type, after)) == set()
	}
	later := {"actions": ["create"], "after": {}, "after_unknown": {field: true | some field, _ in all_blocked}}
	paths("plan-public-access", changed("aws_s3_bucket_public_access_block", later)) == set()
}

test_public_access_fails if {
	every field, value in {"acl": "public-read", "publicly_accessible": true, "container_access_type": "blob", "member": "allUsers"} {
		paths("plan-public-access", planned("x", {field: value})) == {sprintf("after.%s", [field])}
	}
	paths("plan-public-access", planned("x_iam_binding", {"members": ["user:a", "allAuthenticatedUsers"]})) == {"after.members.1"}
	half := object.union(all_blocked, {"block_public_policy": false, "ignore_public_acls": null})
	paths("plan-public-access", planned("aws_s3_bucket_public_access_block", half)) == {"after.block_public_policy", "after.ignore_public_acls"}
	networks := {"settings": [{"ip_configuration": [{"authorized_networks": [{"name": "x", "value": "0.0.0.0/0"}]}]}]}
	place := "after.settings.0.ip_configuration.0.authorized_networks.0.value"
	paths("plan-public-access", planned("google_sql_database_instance", networks)) == {place}
	every principal in ["*", {"AWS": "*"}, {"AWS": ["*"]}] {
		paths("plan-public-access", planned("aws_s3_bucket_policy", {"policy": policy({"Principal": principal})})) == {"after.policy"}
	}
}

test_iam_wildcard_passes if {
	every statement in [
		{"Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"},
		{"Action": ["ec2:DescribeInstances", "s3:ListAllMyBuckets"], "Resource": "*"},
		{"Effect": "Deny", "Action": "*", "Resource": "*"},
	] {
		paths("plan-iam-wildcard", planned("aws_iam_policy", {"policy": policy(statement)})) == set()
	}
	paths("plan-iam-wildcard", planned("aws_kms_key", {"policy": policy({"Action": "kms:*", "Resource": "*"})})) == set()
	paths("plan-iam-wildcard", planned("google_project_iam_member", {"role": "roles/viewer", "note": "roles/owner"})) == set()
}

test_iam_wildcard_fails if {
	every statement in [
		{"Action": "*", "Resource": "arn:aws:s3:::x"},
		{"Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["*"]},
		{"Action": "s3:*", "Resource": "*"},
		{"NotAction": "iam:*", "Resource": "arn:aws:s3:::x"},
	] {
		paths("plan-iam-wildcard", planned("aws_iam_role_policy", {"policy": policy(statement)})) == {"after.policy"}
	}
	single := planned("aws_iam_policy", {"policy": json.marshal({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})})
	paths("plan-iam-wildcard", single) == {"after.policy"}
	paths("plan-iam-wildcard", planned("google_project_iam_member", {"role": "roles/owner"})) == {"after.role"}
	paths("plan-iam-wildcard", planned("azurerm_role_assignment", {"role_definition_name": "Owner"})) == {"after.role_definition_name"}
}

# Every rule finds something in this plan, and each text in it stands for a secret.
test_no_message_holds_a_value if {
	secret := "hunter2"
	after := {
		"acl": "public-read",
		"password": secret,
		"storage_encrypted": false,
		"tags": {"x": secret},
		"role": "roles/owner",
		"policy": json.marshal({"Id": secret, "Statement": [{"Sid": secret, "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": ["*", secret]}]}),
		"ingress": [{"description": secret, "cidr_blocks": ["0.0.0.0/0"], "from_port": 0, "to_port": 0}],
	}
	every type in ["aws_db_instance", "aws_security_group", "aws_iam_policy"] {
		change := {"actions": ["delete", "create"], "before": {"password": secret}, "after": after, "after_sensitive": {"password": true}}
		results := data.plan.deny with input as changed(type, change) with data.required_tags as ["owner"]
		count(results) > 4
		not contains(json.marshal(results), secret)
	}
}
