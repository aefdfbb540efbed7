# Tells which values others than the repository's own people can choose. It holds no rules of its own.
package lib.untrusted

import data.lib.steps

# The untrusted values that the expressions ${{ … }} of a text insert.
inserted(text) := {reference |
	some expression in regex.find_n(`(?s)\$\{\{.*?\}\}`, text, -1)
	not yields_boolean(expression)
	some reference in references(expression)
	untrusted(reference)
}

# What an expression refers to, in lower case and with dots: github.event.issue.title for github.event['issue'].Title.
references(expression) := names if {
	dotted := regex.replace(lower(expression), `\[\s*['"]?([a-z0-9_*-]+)['"]?\s*\]`, ".$1")
	words := regex.replace(dotted, `'[^']*'`, "")
	names := {name | some name in regex.find_n(`[a-z_][a-z0-9_-]*(\.[a-z0-9_*-]+)*`, words, -1)}
}

# A comparison or a test inserts true or false, whatever it looks at.
yields_boolean(expression) if {
	not regex.match(`&&|\|\|`, expression)
	regex.match(`[!=]=|^\$\{\{\s*!?\s*(contains|startsWith|endsWith)\(`, expression)
}

untrusted(reference) if chosen_by_others(reference)

untrusted(reference) if trim_prefix(reference, "env.") in variables

untrusted(reference) if {
	startswith(reference, "steps.")
	split(reference, ".")[1] in tainted_steps
}

# The ids, in lower case, of steps whose outputs hold what others chose: those of actions that tell names of files or branches, and scripts that
# pass on an untrusted value.
tainted_steps contains lower(found.step.id) if {
	some found in steps.found
	steps.action(found.step) in data.untrusted_outputs
}

tainted_steps contains lower(found.step.id) if {
	some found in steps.found
	some line in split(found.step.run, "\n")
	contains(line, "GITHUB_OUTPUT")
	reads_variable(line)
}

chosen_by_others(reference) if reference in {"github", "github.event", "github.head_ref"}

chosen_by_others(reference) if {
	startswith(reference, "github.event.")
	not startswith(reference, "github.event.inputs.")
	not of_this_repository(reference)
	not harmless_field(reference)
}

chosen_by_others(reference) if {
	some prefix in ["inputs.", "github.event.inputs."]
	startswith(reference, prefix)
	not closed_input(trim_prefix(reference, prefix))
}

of_this_repository(reference) if {
	some prefix in ["github.event.repository.", "github.event.pull_request.base.", "github.event.organization."]
	startswith(reference, prefix)
}

# Fields of events that hold a number, a hash, a date, a fixed word, or a name whose letters GitHub limits.
harmless_field(reference) if {
	parts := split(reference, ".")
	regex.match(`^(.*_)?(number|id|sha|at|url|count|attempt|login|full_name|before|after|action|type|state|status|conclusion)$`, parts[count(parts) - 1])
}

harmless_field(reference) if {
	parts := split(reference, ".")
	parts[count(parts) - 1] in {"draft", "merged", "private", "fork", "forced", "created", "deleted", "size", "additions", "deletions"}
}

# Inputs for which GitHub accepts no other text than what the workflow lists.
closed_input(name) if {
	some known, declared in steps.on[_].inputs
	lower(known) == name
	declared.type in {"boolean", "number", "choice", "environment"}
}

# The environment variables, in lower case, that hold an untrusted value.
variables contains lower(name) if {
	some env in envs
	some name, value in env
	is_string(value)
	some expression in regex.find_n(`(?s)\$\{\{.*?\}\}`, value, -1)
	not yields_boolean(expression)
	some reference in references(expression)
	chosen_by_others(reference)
}

envs contains input.env

envs contains job.env if some job in input.jobs

envs contains found.step.env if some found in steps.found

# Whether a script reads an untrusted value, as an expression or as a variable of the shell.
reads(text) if count(inserted(text)) > 0

reads(text) if reads_variable(text)

reads_variable(text) if {
	some name in variables
	regex.match(sprintf(`\$(\{|env:)?%s\b`, [name]), lower(text))
}
