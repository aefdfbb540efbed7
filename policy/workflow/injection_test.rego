package workflow_test

# The paths at which a rule finds something in a workflow or an action, dotted.
paths(id, document) := {path |
	results := data.workflow.deny | data.workflow.warn with input as document with data.platform as {"actions": "acme/platform"}
	some result in results
	result.id == id
	path := concat(".", [sprintf("%v", [step]) | some step in result.path])
}

workflow(steps) := {"on": {"push": {}}, "permissions": {}, "jobs": {"a": {"steps": steps}}}

run(text) := workflow([{"run": text}])

first := "jobs.a.steps.0"

test_template_injection_passes if {
	every text in [
		"echo \"$TITLE\"",
		"echo ${{ github.event.pull_request.number }} ${{ github.event.after }} ${{ github.event_name }} ${{ github.sha }}",
		"echo ${{ github.event.pull_request.base.ref }} ${{ github.event.repository.default_branch }}",
		"echo ${{ github.event.issue.title == 'x' }} ${{ contains(github.event.issue.labels.*.name, 'a') }}",
		"echo ${{ format('inputs.name is {0}', github.sha) }}",
		"echo ${{ env.SAFE }} ${{ env.SHA }} ${{ env.TEST }}",
		"echo ${{ inputs.Level }} ${{ github.event.inputs.level }}",
	] {
		env := {"SAFE": "x", "COUNT": 1, "SHA": "${{ github.sha }}", "TEST": "${{ github.head_ref == 'x' }}"}
		inputs := {"level": {"type": "choice"}, "name": {"type": "string"}}
		paths("workflow-template-injection", object.union(run(text), {"env": env, "on": {"workflow_dispatch": {"inputs": inputs}}})) == set()
	}
	paths("workflow-template-injection", workflow([{"uses": "x/y@v1", "with": {"script": "${{ github.head_ref }}"}}])) == set()
}

test_template_injection_fails if {
	every text in [
		"echo ${{ github.event.issue.title }}",
		"echo ${{ github['event']['Issue'].Title }}",
		"echo ${{ github.head_ref || github.ref_name }}",
		"echo ${{ toJSON(github.event) }} ${{ github.event.commits[0].message }}",
		"echo ${{\n  github.event.comment.body\n}}",
		"echo ${{ github.event.pull_request.head.ref != '' && github.event.pull_request.head.ref }}",
		"echo ${{ inputs.name }}",
		"echo ${{ github.event.inputs.name }}",
		"echo ${{ env.TITLE }}",
	] {
		inputs := {"level": {"type": "choice"}, "name": {"type": "string"}}
		document := object.union(run(text), {"env": {"TITLE": "${{ github.event.issue.title }}"}, "on": {"workflow_call": {"inputs": inputs}}})
		paths("workflow-template-injection", document) == {sprintf("%s.run", [first])}
	}
	script := workflow([{"uses": "actions/github-script@v7", "with": {"script": "${{ github.event.review.body }}"}}])
	paths("workflow-template-injection", script) == {sprintf("%s.with.script", [first])}
	action := {"runs": {"using": "composite", "steps": [{"run": "echo ${{ inputs.name }}"}]}}
	paths("workflow-template-injection", action) == {"runs.steps.0.run"}
}

with_output(step, reference) := workflow([step, {"run": sprintf("echo ${{ %s }}", [reference])}])

test_outputs_pass_on_what_others_chose if {
	script := {"id": "Title", "env": {"T": "${{ github.event.issue.title }}"}, "run": "echo \"title=$T\" >> \"$GITHUB_OUTPUT\""}
	files := {"id": "files", "uses": "tj-actions/changed-files@v46"}
	every reference, step in {"steps.title.outputs.title": script, "steps.files.outputs.all_changed_files": files} {
		paths("workflow-template-injection", with_output(step, reference)) == {"jobs.a.steps.1.run"}
		paths("workflow-template-injection", with_output(step, "steps.other.outputs.title")) == set()
	}
	constant := object.union(script, {"run": "echo \"$T\"\necho a=b >> $GITHUB_OUTPUT"})
	paths("workflow-template-injection", with_output(constant, "steps.title.outputs.a")) == set()
	checkout_output := with_output({"id": "files", "uses": "actions/checkout@v5"}, "steps.files.outputs.commit")
	paths("workflow-template-injection", checkout_output) == set()
}

test_github_env_passes if {
	every text in [
		"echo \"CI=true\" >> \"$GITHUB_ENV\"",
		"echo \"title=$TITLE\" >> \"$GITHUB_OUTPUT\"",
		"echo \"$TITLE\"\necho \"A=$(date)\" >> $GITHUB_ENV",
	] {
		paths("workflow-github-env", object.union(run(text), {"env": {"TITLE": "${{ github.event.issue.title }}"}})) == set()
	}
}

test_github_env_of_privileged_runs_may_be_fixed if {
	paths("workflow-github-env", object.union(run("echo A=b >> $GITHUB_ENV"), {"on": "workflow_run"})) == set()
}

test_github_env_fails if {
	every text in [
		"echo \"A=$TITLE\" >> \"$GITHUB_ENV\"",
		"echo \"${TITLE}\" | tee -a $GITHUB_PATH",
		"echo A=${{ github.head_ref }} >> $GITHUB_ENV",
		"{\n  echo 'A<<E'\n  echo \"$TITLE\"\n  echo E\n} >> \"$GITHUB_ENV\"",
		"\"A=$env:TITLE\" | Out-File -Append $env:GITHUB_ENV",
	] {
		document := object.union(run(text), {"env": {"TITLE": "${{ github.event.issue.title }}"}})
		paths("workflow-github-env", document) == {sprintf("%s.run", [first])}
	}
	privileged := object.union(run("echo \"N=$(cat number)\" >> $GITHUB_ENV"), {"on": "workflow_run"})
	paths("workflow-github-env", privileged) == {sprintf("%s.run", [first])}
}

triggered(on, step) := object.union(workflow([step]), {"on": on})

head := {"uses": "actions/checkout@v5", "with": {"ref": "${{ github.event.pull_request.head.sha }}"}}

test_privileged_trigger_passes if paths("workflow-privileged-trigger", triggered(["push", "pull_request"], head)) == set()

test_privileged_trigger_fails if {
	every on, path in {"pull_request_target": "on"} {
		paths("workflow-privileged-trigger", triggered(on, {"run": "x"})) == {path}
	}
	paths("workflow-privileged-trigger", triggered(["push", "workflow_run"], head)) == {"on.1"}
	paths("workflow-privileged-trigger", triggered({"pull_request_target": null}, head)) == {"on.pull_request_target"}
}

test_on_may_be_true if {
	document := {"true": {"pull_request_target": null}, "jobs": {}}
	paths("workflow-privileged-trigger", document) == {"true.pull_request_target"}
}

test_dangerous_checkout_passes if {
	paths("workflow-dangerous-checkout", triggered("pull_request", head)) == set()
	every step in [
		{"uses": "actions/checkout@v5"},
		{"uses": "actions/checkout@v5", "with": {"ref": "${{ github.base_ref }}"}},
		{"uses": "actions/checkout@v5", "with": {"path": "${{ github.head_ref }}"}},
		{"uses": "other/action@v5", "with": {"ref": "${{ github.head_ref }}"}},
	] {
		paths("workflow-dangerous-checkout", triggered("pull_request_target", step)) == set()
	}
}

test_dangerous_checkout_fails if {
	paths("workflow-dangerous-checkout", triggered("pull_request_target", head)) == {sprintf("%s.with.ref", [first])}
	every ref in ["refs/pull/1/merge", "${{ github.head_ref }}", "${{ github.event.workflow_run.head_branch }}"] {
		step := {"uses": "Actions/Checkout@v5", "with": {"ref": ref}}
		paths("workflow-dangerous-checkout", triggered("workflow_run", step)) == {sprintf("%s.with.ref", [first])}
	}
	pulled := triggered("issue_comment", {"run": "gh pr checkout 5"})
	paths("workflow-dangerous-checkout", pulled) == {sprintf("%s.run", [first])}
}
