package main

has(object, key) if object[key]

has(object, key) if object[key] == false

level(n) := "high" if n > 10

else := "low"

default strict := false

strict if input.mode == "strict"

deny contains sprintf("%s risk", [level(input.risk)]) if strict

warn contains "no flag" if not has(input, "flag")

deny contains "every" if every x in input.list { x > 1 }
