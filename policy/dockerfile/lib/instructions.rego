# Reads Dockerfiles as conftest gives them: a list of instructions, which its parser puts into a list. It holds no rules of its own.
package lib.instructions

import data.lib.result

# Every instruction with its path, and what ONBUILD will run as if it ran here.
all contains {
	"path": array.concat(outer, [i]),
	"index": i,
	"name": name(instruction),
	"value": instruction.Value,
	"flags": object.get(instruction, "Flags", []),
} if {
	some i, instruction in list
}

list := input[0] if {
	is_array(input[0])
} else := input

outer := [0] if {
	is_array(input[0])
} else := []

name(instruction) := lower(instruction.SubCmd) if {
	instruction.Cmd == "onbuild"
} else := lower(instruction.Cmd)

# The instructions FROM in order, which begin the stages.
stages := [instruction | some instruction in by_index; instruction.name == "from"]

by_index[instruction.index] := instruction if some instruction in all

alias(stage) := lower(stage.value[2]) if lower(stage.value[1]) == "as"

# The instructions of a stage: its FROM and all up to the next.
in_stage(n) := [instruction |
	some i, instruction in by_index
	count([stage | some stage in stages; stage.index <= i]) == n + 1
]

# The number of the stage that a name or a number refers to before stage n; undefined for an image.
stage_of(reference, n) := max(earlier) if {
	earlier := {i |
		some i, stage in stages
		i < n
		alias(stage) == lower(reference)
	}
} else := to_number(reference) if {
	regex.match(`^[0-9]{1,3}$`, reference)
}

# An image with the defaults of the build arguments before the first FROM in their places.
resolved(image) := strings.replace_n(defaults, regex.replace(image, `\$([A-Za-z_][A-Za-z0-9_]*)`, "$${${1}}"))

defaults := {sprintf("${%s}", [name]): values[count(values) - 1] | # of several the last counts
	some name in {argument[1] | some argument in arguments}
	values := [trim(argument[2], `"'`) | some argument in arguments; argument[1] == name]
}

# Each with the whole text, the name and the value.
arguments := [argument |
	some instruction in by_index
	instruction.name == "arg"
	instruction.index < stages[0].index
	some pair in instruction.value
	argument := regex.find_all_string_submatch_n(`^([^=]+)=(.*)$`, pair, 1)[0]
]

# A violation at a part of an instruction.
at(rule, instruction, part, message) := result.at(rule, array.concat(instruction.path, part), message)
