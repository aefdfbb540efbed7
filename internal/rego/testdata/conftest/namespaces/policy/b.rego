package team.b

warn contains "b" if input.x
