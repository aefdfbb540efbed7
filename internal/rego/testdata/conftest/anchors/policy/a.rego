package main

deny contains sprintf("%v", [input.b.x])

warn contains sprintf("%v %v", [input.flag, input.octal])
