package main

warn contains json.marshal(input)
