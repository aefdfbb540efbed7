package main

warn contains sprintf("%v", [input.big])
