package main

deny contains 5

deny contains ["x"]

warn contains "w"
