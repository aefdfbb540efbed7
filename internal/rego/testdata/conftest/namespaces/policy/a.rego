package team.a

deny contains "a" if input.x
