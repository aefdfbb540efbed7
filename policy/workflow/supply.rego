package workflow

import data.lib.result
import data.lib.steps

# METADATA
# title: Actions are pinned to a commit
# description: >-
#   A tag or a branch of somebody else's action can be moved to other code, which then runs with your secrets and your token.
#   Only the full hash of a commit names what you reviewed. Actions of this repository and of the platform are trusted.
# related_resources:
# - ref: https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions
# custom:
#   id: workflow-unpinned-action
#   severity: error
#   fix: "write the full commit hash after the @ and the version in a comment: owner/action@<40 hex digits> # v1.2.3"
deny contains result.at(rego.metadata.rule(), place.path, message) if {
	some place in uses
	not trusted(place.uses)
	not pinned(place.uses)
	message := sprintf("%s is not pinned to a commit", [place.uses])
}

uses contains {"uses": found.step.uses, "path": array.concat(found.path, ["uses"])} if some found in steps.found

uses contains {"uses": job.uses, "path": ["jobs", id, "uses"]} if some id, job in input.jobs

trusted(name) if startswith(name, "./")

# The platform's own actions, which a fork releases by tag.
trusted(name) if {
	repository := lower(data.platform.actions)
	some separator in ["@", "/"]
	startswith(lower(name), concat("", [repository, separator]))
}

pinned(name) if regex.match(`@[0-9a-f]{40}([0-9a-f]{24})?$`, name)

pinned(name) if regex.match(`^docker://.*@sha256:[0-9a-f]{64}$`, name)

# METADATA
# title: Called workflows get the secrets they need
# description: >-
#   "secrets: inherit" hands every secret of the repository and the organisation to the called workflow, also those that are
#   added next year.
# related_resources:
# - ref: https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows#passing-inputs-and-secrets-to-a-reusable-workflow
# custom:
#   id: workflow-secrets-inherit
#   severity: error
#   fix: "list the secrets that the called workflow uses: secrets: {TOKEN: \"${{ secrets.TOKEN }}\"}"
deny contains result.at(rego.metadata.rule(), ["jobs", id, "secrets"], message) if {
	some id, job in input.jobs
	job.secrets == "inherit"
	message := sprintf("job %s: the called workflow inherits all secrets", [id])
}
