package main

deny_few contains msg if {
	count(input) < 3
	msg := sprintf("%d documents", [count(input)])
}

deny_paths contains concat(",", sort([i.path | some i in input]))

exception contains ["few"] if input[_].contents.small
