package main

import rego.v1

deny contains "\u001b[31mred\u001b[0m and\u0007 loud"
