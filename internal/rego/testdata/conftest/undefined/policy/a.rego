package main

# A builtin that fails is undefined.
deny contains "a number" if to_number(input.text) > 1

warn contains "not a number" if not to_number(input.text)

deny contains input.message

warn contains input.nothing.here
