package main

deny contains "pull_request_target" if "pull_request_target" in input.on

warn contains sprintf("keys %v", [sort([key | some key, _ in input])])
