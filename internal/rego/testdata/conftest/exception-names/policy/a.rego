package main

# The prefixes go one after the other: the name of deny_warn_x is x.
deny_warn_x contains "deny_warn_x"

warn_deny_y contains "warn_deny_y"

violation_deny_z contains "violation_deny_z"

deny contains "deny"

warn contains "warn"

violation contains "violation"

exception contains ["x", "y", "z", ""] if input.disabled
