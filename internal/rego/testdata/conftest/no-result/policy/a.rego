package main

deny := true

warn contains "w"
