package dockerfile

import data.lib.instructions

# METADATA
# title: Base images are pinned by digest
# description: >-
#   A tag is moved to other content without a change here: the same commit then builds another image, which nobody has
#   reviewed. Stages of the same file and scratch need no digest; build arguments count with their default.
# related_resources:
# - ref: https://docs.docker.com/build/building/best-practices/#pin-base-image-versions
# custom:
#   id: dockerfile-unpinned-base
#   severity: error
#   fix: append @sha256:… to the image, and let a bot such as Renovate bring new digests
deny contains instructions.at(rego.metadata.rule(), place.instruction, place.part, message) if {
	some place in images
	not regex.match(`@sha256:[0-9a-f]{64}\}?$`, place.image)
	message := sprintf("image %q is not pinned by digest", [place.image])
}

images contains {"instruction": stage, "part": ["Value", 0], "image": image} if {
	some n, stage in instructions.stages
	image := instructions.resolved(stage.value[0])
	image != "scratch"
	not instructions.stage_of(image, n)
}

# COPY --from and RUN --mount take files from stages, or from images.
images contains {"instruction": instruction, "part": ["Flags", i], "image": image} if {
	some n, _ in instructions.stages
	some instruction in instructions.in_stage(n)
	some i, flag in instruction.flags
	image := regex.find_all_string_submatch_n(`^--(?:from|mount)=(?:.*\bfrom=)?([^,=]+)(?:,.*)?$`, flag, 1)[0][1]
	not instructions.stage_of(image, n)
}

# METADATA
# title: The image does not run as root
# description: >-
#   Without USER the program is root in its container, and for every flaw of the runtime on the machine too. Kubernetes can
#   check runAsNonRoot only for a number. What counts is the last USER of the last stage and of the stages it is based on.
# related_resources:
# - ref: https://docs.docker.com/build/building/best-practices/#user
# custom:
#   id: dockerfile-root-user
#   severity: error
#   fix: end the last stage with USER and a number, such as USER 65532:65532
deny contains instructions.at(rego.metadata.rule(), place.instruction, place.part, place.message) if some place in root

last := count(instructions.stages) - 1

# Each stage leads to the one it is based on.
bases[n] contains base if {
	some n, stage in instructions.stages
	base := instructions.stage_of(stage.value[0], n)
}

lineage := graph.reachable({n: object.get(bases, n, set()) | some n, _ in instructions.stages}, {last})

users := {n: found[count(found) - 1] |
	some n in lineage
	found := [instruction | some instruction in instructions.in_stage(n); instruction.name == "user"]
}

root contains {"instruction": user, "part": ["Value", 0], "message": sprintf("the image runs as %s", [user.value[0]])} if {
	user := users[max(object.keys(users))]
	regex.match(`^(root|0+)(:|$)`, user.value[0])
}

root contains {"instruction": stage, "part": ["Value", 0], "message": "nothing says which user the image runs as"} if {
	count(users) == 0
	stage := instructions.stages[last]
	base := instructions.stages[min(lineage)]
	not regex.match(`:[^@/]*nonroot`, instructions.resolved(base.value[0]))
}

# METADATA
# title: Images hold no secrets
# description: >-
#   What ENV and ARG hold stays in the image and its history, where everybody who may pull the image reads it, also after a
#   later instruction unsets it.
# related_resources:
# - ref: https://docs.docker.com/build/building/secrets/
# custom:
#   id: dockerfile-secret
#   severity: error
#   fix: "use RUN --mount=type=secret,id=… while building, and give the program its secrets when it starts"
deny contains instructions.at(rego.metadata.rule(), place.instruction, ["Value", place.part], message) if {
	some place in variables
	secret(place)
	message := sprintf("%s may hold a secret", [place.name])
}

variables contains {"instruction": instruction, "part": i, "name": instruction.value[i], "value": instruction.value[i + 1]} if {
	some instruction in instructions.all
	instruction.name == "env"
	some i, _ in instruction.value
	i % 3 == 0 # name, value and separator
}

variables contains {"instruction": instruction, "part": i, "name": parts[0], "value": concat("=", array.slice(parts, 1, count(parts)))} if {
	some instruction in instructions.all
	instruction.name == "arg"
	some i, pair in instruction.value
	parts := split(pair, "=")
}

secret(variable) if {
	regex.match(`(?i)(^|_)(api_?key|access_?key|private_?key|auth|credentials?|password|passwd|pwd|passphrase|secret|token)(_|$)`, variable.name)
	not regex.match(`(?i)(^|_)public_|_(file|path|dir|url|uri|name|id|length|ttl|expiry|expires|type)$`, variable.name)
	not given_later(variable)
}

secret(variable) if {
	some pattern in data.secret_patterns
	regex.match(pattern, variable.value)
}

# ENV without a value only says that the variable is there; ARG without one brings it into the history.
given_later(variable) if {
	variable.instruction.name == "env"
	trim(variable.value, `"'`) == ""
}

# METADATA
# title: Nothing is added from an address
# description: >-
#   What an address answers differs from day to day and is checked by nobody, so the image is neither reproducible nor
#   reviewed.
# related_resources:
# - ref: https://docs.docker.com/reference/dockerfile/#add---checksum
# custom:
#   id: dockerfile-remote-add
#   severity: error
#   fix: "add --checksum=sha256:…, or commit the file and use COPY; for a Git repository name a full commit hash after #"
deny contains instructions.at(rego.metadata.rule(), instruction, ["Value", i], "ADD takes what an address answers, without a checksum") if {
	some instruction in instructions.all
	instruction.name == "add"
	some i, source in array.slice(instruction.value, 0, count(instruction.value) - 1)
	regex.match(`^("|')?(https?|ftp|git|ssh)://|^git@`, source)
	not regex.match(`#[0-9a-f]{40}(:|$)`, source)
	not has_checksum(instruction)
}

has_checksum(instruction) if {
	some flag in instruction.flags
	startswith(flag, "--checksum=")
}

# METADATA
# title: Downloads are not piped into a shell
# description: >-
#   Whatever the server answers runs as root in the build, unread and unchecked; when the connection breaks in the middle,
#   half of it does.
# related_resources:
# - ref: https://docs.docker.com/build/building/best-practices/#run
# custom:
#   id: dockerfile-curl-pipe-shell
#   severity: error
#   fix: download to a file, compare its checksum with sha256sum -c, then run it
deny contains instructions.at(rego.metadata.rule(), instruction, ["Value"], "runs a download without looking at it") if {
	some instruction in instructions.all
	instruction.name == "run"
	text := concat(" ", instruction.value)
	some pattern in [
		`\b(curl|wget)\b[^;&]*\|\s*(sudo\s+(-\S+\s+)*)?(/\S*/)?((ba|z|da|k|a)?sh|python[0-9.]*|perl|ruby|node|php)\b`,
		`\b((ba|z|da|k|a)?sh|source|eval|python[0-9.]*)\s+(-c\s+)?["']?(\$\(|<\(|\x60)\s*(curl|wget)\b`,
	]
	regex.match(pattern, text)
}
