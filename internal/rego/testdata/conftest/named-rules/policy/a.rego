package main

deny_a contains "a"

deny_a_2 contains "a 2"

deny_ contains "no name: not a rule"

violation_B contains {"msg": "B"}

warn_c contains "c" if input.c

warning contains "not a rule"

denylist contains "not a rule"

_deny contains "not a rule"

