package main

# conftest takes an empty message for none.
deny contains ""

deny contains {"msg": ""}

warn contains "w"
