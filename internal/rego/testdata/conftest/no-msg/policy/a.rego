package main

deny contains {"message": "m"}
