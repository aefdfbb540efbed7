package main

owner := "a" if input.x

owner := "b" if input.z

deny contains owner
