package main

deny contains input.name
