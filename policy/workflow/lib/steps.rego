# Finds the steps, jobs and triggers of workflows and composite actions. It holds no rules of its own.
package lib.steps

import data.lib.result

# Every step with its path, the name people know it by, and the steps beside it.
found contains {"path": ["jobs", id, "steps", i], "step": step, "title": title(sprintf("job %s, ", [id]), i, step), "beside": job.steps, "job": job} if {
	some id, job in input.jobs
	some i, step in job.steps
}

found contains {"path": ["runs", "steps", i], "step": step, "title": title("", i, step), "beside": input.runs.steps, "job": {}} if {
	some i, step in input.runs.steps
}

title(place, i, step) := sprintf("%sstep %v", [place, object.get(step, "name", object.get(step, "id", i + 1))])

# The action of a step, in lower case and without its version.
action(step) := lower(split(step.uses, "@")[0])

is_checkout(step) if action(step) == "actions/checkout"

# YAML 1.1, which conftest reads, takes the key on for true.
on_key := "on" if {
	input.on
} else := "true"

on := input[on_key]

# The events that start the workflow with their paths: on is a name, a list of names or a map of them.
triggers contains {"event": on, "path": [on_key]} if is_string(on)

triggers contains {"event": event, "path": [on_key, i]} if {
	is_array(on)
	some i, event in on
}

triggers contains {"event": event, "path": [on_key, event]} if {
	is_object(on)
	some event, _ in on
}

# Events whose runs have the repository's secrets and a token that may write, although somebody else's change may have caused them.
privileged contains trigger if {
	some trigger in triggers
	trigger.event in {"pull_request_target", "workflow_run"}
}

# What a step runs as code, with its field: a script of the shell, or one of actions/github-script.
code contains {"step": found_step, "field": ["run"], "text": found_step.step.run} if some found_step in found

code contains {"step": found_step, "field": ["with", "script"], "text": found_step.step["with"].script} if {
	some found_step in found
	action(found_step.step) == "actions/github-script"
}

# A violation at a field of a step.
at(rule, step, field, problem) := result.at(rule, array.concat(step.path, field), sprintf("%s: %s", [step.title, problem]))
