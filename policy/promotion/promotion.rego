# An example of gates in Rego. The input is one promotion, decided on before it is written:
#
#   apiVersion: platform/v1
#   kind: Promotion
#   component: hello
#   from: staging                                   # the environment that runs the release
#   to: prod                                        # the environment that is to run it
#   release: {id, source: {commit}, images: […]}    # what is to run, as in release.yaml
#   current: {id, source: {commit}, images: […]}    # what runs there now; missing where nothing does
#   soaked: 86400                                   # seconds for which from has run the release
#   findings: [{ruleId, severity, message, waiver}] # of policy-check for the release in the environment to
#   at: "2026-01-02T15:04:05Z"                      # when it is decided, RFC 3339
package promotion

import data.lib.result

is_promotion if {
	input.apiVersion == "platform/v1"
	input.kind == "Promotion"
}

# METADATA
# title: Nothing reaches production before the weekend
# description: >-
#   What breaks on a Friday evening breaks when the people who wrote it are away. Data keys quiet_days and friday_until, an
#   hour in UTC, change it. Where the time cannot be told, nothing is promoted.
# related_resources:
# - ref: https://sre.google/sre-book/release-engineering/
# custom:
#   id: promotion-weekend
#   severity: error
#   fix: wait until Monday; a rollback needs no promotion
deny contains result.at(rego.metadata.rule(), ["at"], message) if {
	is_promotion
	input.to in data.platform.production
	not working_hours
	message := sprintf("%s: is not promoted to %s at weekends or on Fridays after %d:00 UTC", [input.component, input.to, data.friday_until])
}

working_hours if {
	at := time.parse_rfc3339_ns(input.at)
	day := time.weekday(at)
	not day in data.quiet_days
	not friday_evening(day, at)
}

friday_evening("Friday", at) if time.clock(at)[0] >= data.friday_until

# METADATA
# title: Releases with errors are not promoted
# description: >-
#   A finding that fails the check of a change must not reach the next environment because the change came in another way.
#   A waiver, which has an owner, a reason and an end, lets it through.
# related_resources:
# - ref: https://github.com/org/platform/blob/main/docs/policies.md
# custom:
#   id: promotion-open-errors
#   severity: error
#   fix: repair it and promote the next release, or waive the finding
deny contains result.at(rego.metadata.rule(), ["findings", i], message) if {
	is_promotion
	some i, finding in input.findings
	finding.severity == "error"
	not finding.waiver
	message := sprintf("%s: %s is open: %s", [input.component, finding.ruleId, finding.message])
}
