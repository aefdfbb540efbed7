package main

deny_x contains "x"

warn_deny_y contains "y"

exception contains ["deny_y"]

exception contains "x"

exception contains {"a": "x"} if input.map
