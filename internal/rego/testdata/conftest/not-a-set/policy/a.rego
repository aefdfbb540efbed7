package main

deny := ["a list"]

warn := [{"msg": "an object"}]
