package main

deny contains sprintf("%v", [input.name]) if input.bad

warn contains "not an object" if not is_object(input)
