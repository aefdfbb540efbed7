package c

violation_c contains {"msg": "c"} if data.team.a.deny["a"]
