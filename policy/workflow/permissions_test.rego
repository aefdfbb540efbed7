package workflow_test

sha := "08c6903cd8c0fde910a37f88322edcfb5dd907a8"

test_unpinned_action_passes if {
	every name in [
		sprintf("actions/checkout@%s", [sha]),
		"./actions/deploy",
		"acme/platform/actions/deploy@v1",
		"Acme/Platform@v1",
		"docker://alpine@sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1",
	] {
		paths("workflow-unpinned-action", workflow([{"uses": name}])) == set()
	}
	count(data.workflow.deny) == 0 with input as {"name": "no workflow"}
}

test_unpinned_action_fails if {
	every name in ["actions/checkout@v5", "actions/checkout", "actions/checkout@08c6903", "docker://alpine:3", "acme/platform2@v1"] {
		paths("workflow-unpinned-action", workflow([{"uses": name}])) == {sprintf("%s.uses", [first])}
	}
	called := {"permissions": {}, "jobs": {"a": {"uses": "other/repo/.github/workflows/x.yml@main"}}}
	paths("workflow-unpinned-action", called) == {"jobs.a.uses"}
	paths("workflow-unpinned-action", {"runs": {"steps": [{"uses": "x/y@v1"}]}}) == {"runs.steps.0.uses"}
}

test_secrets_inherit_passes if paths("workflow-secrets-inherit", {"jobs": {"a": {"secrets": {"A": "x"}}}}) == set()

test_secrets_inherit_fails if paths("workflow-secrets-inherit", {"jobs": {"a": {"secrets": "inherit"}}}) == {"jobs.a.secrets"}

test_permissions_passes if {
	paths("workflow-permissions", {"jobs": {"a": {"permissions": {}}, "b": {"permissions": {"contents": "read"}}}}) == set()
	paths("workflow-permissions", {"permissions": null, "jobs": {"a": {}}}) == set()
	paths("workflow-permissions", {"runs": {"steps": []}}) == set()
}

test_permissions_fails if {
	paths("workflow-permissions", {"jobs": {"a": {"permissions": {}}, "b": {}}}) == {"permissions"}
}

test_write_all_passes if paths("workflow-write-all", {"permissions": "read-all", "jobs": {"a": {"permissions": {"contents": "write"}}}}) == set()

test_write_all_fails if {
	document := {"permissions": "write-all", "jobs": {"a": {"permissions": "write-all"}}}
	paths("workflow-write-all", document) == {"permissions", "jobs.a.permissions"}
}

checkout(options) := {"uses": "actions/checkout@v5", "with": options}

test_persisted_credentials_passes if {
	every value in [false, "false", "${{ inputs.keep }}"] {
		paths("workflow-persisted-credentials", workflow([checkout({"persist-credentials": value})])) == set()
	}
	paths("workflow-persisted-credentials", workflow([checkout({}), {"run": "git commit\ngit -C x push origin main"}])) == set()
	paths("workflow-persisted-credentials", workflow([checkout({}), {"uses": "peter-evans/create-pull-request@v7"}])) == set()
}

test_persisted_credentials_fails if {
	place := {sprintf("%s.with.persist-credentials", [first])}
	paths("workflow-persisted-credentials", workflow([checkout({})])) == place
	paths("workflow-persisted-credentials", workflow([{"uses": "actions/checkout@v5"}])) == place
	paths("workflow-persisted-credentials", workflow([checkout({"persist-credentials": true}), {"run": "npm push"}])) == place
}
