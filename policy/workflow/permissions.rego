package workflow

import data.lib.result
import data.lib.steps

# METADATA
# title: Workflows say what their token may do
# description: >-
#   Without permissions the token has those that the organisation gives by default, which may be write access to everything.
#   Every action of the job, and everything it downloads, can use them.
# related_resources:
# - ref: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions
# custom:
#   id: workflow-permissions
#   severity: error
#   fix: "write permissions: {contents: read} at the top, and what a job needs beyond that in the job"
deny contains result.at(rego.metadata.rule(), ["permissions"], message) if {
	silent := [id | some id, job in input.jobs; not says_permissions(job)]
	count(silent) > 0
	not says_permissions(input)
	message := sprintf("nothing says what the token may do in %s", [concat(", ", silent)])
}

says_permissions(holder) if "permissions" in object.keys(holder)

# METADATA
# title: Tokens may not write everything
# description: >-
#   With write-all one bad step can push to main, publish packages, approve pull requests and change releases.
# related_resources:
# - ref: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions
# custom:
#   id: workflow-write-all
#   severity: error
#   fix: list the permissions that are needed, each for the job that needs it
deny contains result.at(rego.metadata.rule(), path, "the token may write everything") if {
	some path in write_all
}

write_all contains ["permissions"] if input.permissions == "write-all"

write_all contains ["jobs", id, "permissions"] if {
	some id, job in input.jobs
	job.permissions == "write-all"
}

# METADATA
# title: Checkouts leave no credentials behind
# description: >-
#   actions/checkout writes the token into the clone's configuration, where each later step, and whoever gets the folder as
#   an artifact, can read it. Jobs that push with it are left alone: those with git push, and those with an action of the
#   data key pushing_actions.
# related_resources:
# - ref: https://github.com/actions/checkout#usage
# custom:
#   id: workflow-persisted-credentials
#   severity: warning
#   fix: "add with: {persist-credentials: false}"
warn contains steps.at(rego.metadata.rule(), found, ["with", "persist-credentials"], "leaves the token in the clone") if {
	some found in steps.found
	steps.is_checkout(found.step)
	not keeps_no_credentials(found.step)
	not pushes(found)
}

# What an expression yields is not known here.
keeps_no_credentials(step) if regex.match(`^false$|\$\{\{`, sprintf("%v", [step["with"]["persist-credentials"]]))

pushes(found) if {
	some step in found.beside
	regex.match(`\bgit\s+(-\S+\s+\S+\s+)*push\b`, step.run)
}

pushes(found) if {
	some step in found.beside
	steps.action(step) in data.pushing_actions
}
