package main

deny contains {"msg": "at its place", "_loc": {"file": "src/a.yaml", "line": 7}}

deny contains {"msg": "a file", "_loc": {"file": "src/b.yaml"}}

warn contains {"msg": "a line", "_loc": {"line": 3}}

warn contains {"msg": "other types", "_loc": {"file": 1, "line": "x"}}

warn contains {"msg": "no object", "_loc": "src/a.yaml:1"}
