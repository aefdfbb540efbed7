package promotion_test

paths(id, fields) := {path |
	document := object.union({"apiVersion": "platform/v1", "kind": "Promotion", "component": "hello", "from": "staging", "to": "prod"}, fields)
	some result in data.promotion.deny with input as document with data.platform as {"production": ["prod"]}
	result.id == id
	path := concat(".", [sprintf("%v", [step]) | some step in result.path])
}

test_weekend_passes if {
	every at in ["2026-01-02T15:59:59Z", "2026-01-05T00:00:00Z", "2026-01-01T23:00:00Z", "2026-01-02T17:30:00+02:00"] {
		paths("promotion-weekend", {"at": at}) == set()
	}
	paths("promotion-weekend", {"at": "2026-01-03T12:00:00Z", "to": "staging"}) == set()
	every other in [{"kind": "Rollback"}, {"apiVersion": "other/v1"}] {
		paths("promotion-weekend", object.union(other, {"at": "2026-01-03T12:00:00Z"})) == set()
		paths("promotion-open-errors", object.union(other, {"findings": [{"severity": "error", "ruleId": "a", "message": "m"}]})) == set()
	}
}

test_weekend_fails if {
	every at in ["2026-01-02T16:00:00Z", "2026-01-03T12:00:00Z", "2026-01-04T23:59:59Z", "2026-01-02T14:30:00-02:00"] {
		paths("promotion-weekend", {"at": at}) == {"at"}
	}
	paths("promotion-weekend", {"at": "2026-01-05T12:00:00Z"}) == {"at"} with data.quiet_days as ["Monday"]
}

test_a_promotion_without_a_time_waits if {
	paths("promotion-weekend", {}) == {"at"}
}

test_open_errors_passes if {
	waived := {"severity": "error", "ruleId": "a", "message": "m", "waiver": {"owner": "x"}}
	paths("promotion-open-errors", {"findings": [waived, {"severity": "warning", "ruleId": "b", "message": "m"}]}) == set()
	paths("promotion-open-errors", {}) == set()
}

test_open_errors_fails if {
	findings := [{"severity": "warning", "ruleId": "b", "message": "m"}, {"severity": "error", "ruleId": "a", "message": "m"}]
	paths("promotion-open-errors", {"findings": findings}) == {"findings.1"}
}
