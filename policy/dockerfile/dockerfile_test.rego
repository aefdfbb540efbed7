package dockerfile_test

# Instructions as conftest's parser gives them, from lists of the command, its flags and its values.
parsed(lines) := [{"Cmd": line[0], "SubCmd": "", "Flags": line[1], "Value": line[2], "JSON": false, "Stage": 0} | some line in lines]

paths(id, lines) := {path |
	some result in data.dockerfile.deny with input as parsed(lines)
	result.id == id
	path := concat(".", [sprintf("%v", [step]) | some step in result.path])
}

digest := "sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1"

pinned := sprintf("alpine:3@%s", [digest])

from(value) := ["from", [], value]

command(name, value) := [name, [], value]

test_unpinned_base_passes if {
	every lines in [
		[from([pinned])],
		[from(["scratch"])],
		[from([pinned, "AS", "Build"]), from(["build"])],
		[command("arg", [sprintf("BASE=\"%s\"", [pinned])]), from(["$BASE"])],
		[command("arg", ["A=x", sprintf("BASE=%s", [pinned])]), ["comment", null, ["x"]], from(["${BASE}"])],
		[from([sprintf("${BASE:-%s}", [pinned])])],
		[command("arg", ["BASE=alpine"]), command("arg", [sprintf("BASE=%s", [pinned])]), from(["$BASE"])],
		[from([pinned, "as", "a"]), from([pinned]), ["copy", ["--from=a", "--chown=1"], ["x", "y"]], ["copy", ["--from=0"], ["x", "y"]]],
		[from([pinned]), ["run", ["--mount=type=cache,target=/x"], ["make"]], ["copy", [sprintf("--from=%s", [pinned])], ["x", "y"]]],
	] {
		paths("dockerfile-unpinned-base", lines) == set()
	}
}

test_unpinned_base_fails if {
	every lines in [
		[command("x", []), from(["alpine:3"])],
		[command("arg", ["BASE=alpine:3"]), from(["${BASE}"])],
		[command("arg", ["BASE"]), from(["$BASE"])],
		[from([pinned]), from(["build", "AS", "build"])],
	] {
		paths("dockerfile-unpinned-base", lines) == {"1.Value.0"}
	}
	paths("dockerfile-unpinned-base", [from([pinned]), command("arg", [sprintf("BASE=%s", [pinned])]), from(["$BASE"])]) == {"2.Value.0"}
	paths("dockerfile-unpinned-base", [from([pinned]), ["copy", ["--chown=1", "--from=nginx:1"], []]]) == {"1.Flags.1"}
	paths("dockerfile-unpinned-base", [from([pinned]), ["run", ["--mount=type=bind,from=busybox,target=/x"], []]]) == {"1.Flags.0"}
}

test_root_user_passes if {
	every lines in [
		[from([pinned]), command("user", ["root"]), command("user", ["65532:65532"])],
		[from([pinned]), from([pinned]), command("user", ["app"])],
		[from([pinned, "AS", "a"]), command("user", ["1"]), from(["a", "AS", "b"]), from(["b"])],
		[from([sprintf("gcr.io/distroless/static:nonroot@%s", [digest])])],
		[from([pinned]), command("user", ["$USER"])],
	] {
		paths("dockerfile-root-user", lines) == set()
	}
}

test_root_user_fails if {
	every user in ["root", "0", "0:0", "root:app"] {
		paths("dockerfile-root-user", [from([pinned]), command("user", [user])]) == {"1.Value.0"}
	}
	paths("dockerfile-root-user", [from([pinned])]) == {"0.Value.0"}
	paths("dockerfile-root-user", [from([pinned]), command("user", ["1"]), from([pinned])]) == {"2.Value.0"}
	paths("dockerfile-root-user", [from([pinned, "AS", "a"]), command("user", ["0"]), from(["a"])]) == {"1.Value.0"}
}

test_secret_passes if {
	every value in [["PORT", "80", "="], ["PASSWORD_FILE", "/run/x", "="], ["PUBLIC_KEY", "x", "="], ["API_TOKEN", "\"\"", "="], ["KEYBOARD", "x", "="]] {
		paths("dockerfile-secret", [command("env", value)]) == set()
	}
	paths("dockerfile-secret", [command("env", ["MODE", "password", "="])]) == set()
	paths("dockerfile-secret", [command("arg", ["VERSION=1", "TOKEN_URL=https://a/b"])]) == set()
	every name in ["label", "run"] {
		paths("dockerfile-secret", [command(name, ["TOKEN", "x", "="]), command(name, ["TOKEN=x make"])]) == set()
	}
}

test_secret_fails if {
	paths("dockerfile-secret", [command("env", ["PORT", "80", "=", "DB_PASSWORD", "x", "="])]) == {"0.Value.3"}
	paths("dockerfile-secret", [command("arg", ["A=b", "NPM_TOKEN"])]) == {"0.Value.1"}
	every value in ["AKIAABCDEFGHIJKLMNOP", "postgres://app:hunter2@db/x"] {
		paths("dockerfile-secret", [command("env", ["X", value, "="])]) == {"0.Value.0"}
		paths("dockerfile-secret", [command("arg", [sprintf("X=%s", [value])])]) == {"0.Value.0"}
	}
}

test_no_message_holds_a_secret if {
	results := data.dockerfile.deny with input as parsed([command("env", ["TOKEN", "hunter2", "="]), command("arg", ["PASSWORD=hunter2"])])
	count(results) == 2
	not contains(json.marshal(results), "hunter2")
}

test_remote_add_passes if {
	every value in [["app.tar", "/x"], ["https://github.com/a/b.git#08c6903cd8c0fde910a37f88322edcfb5dd907a8", "/x"]] {
		paths("dockerfile-remote-add", [command("add", value)]) == set()
	}
	paths("dockerfile-remote-add", [["add", ["--checksum=sha256:ab"], ["https://a/b", "/x"]]]) == set()
	paths("dockerfile-remote-add", [command("copy", ["https://a/b", "/x"])]) == set()
}

test_remote_add_fails if {
	every source in ["https://a/b.tar", "git@github.com:a/b.git", "https://github.com/a/b.git#main"] {
		paths("dockerfile-remote-add", [["add", ["--chown=1"], ["x", source, "/x"]]]) == {"0.Value.1"}
	}
}

test_curl_pipe_shell_passes if {
	every text in ["curl -o x https://a && sha256sum -c x.sum && sh x", "curl -s https://a | jq .", "cat x | sh; curl https://a | tee y", "curl a | shasum"] {
		paths("dockerfile-curl-pipe-shell", [command("run", [text])]) == set()
	}
}

test_curl_pipe_shell_elsewhere_passes if {
	paths("dockerfile-curl-pipe-shell", [command("label", ["usage", "curl https://a | sh", "="])]) == set()
}

test_curl_pipe_shell_fails if {
	every text in [
		"curl -fsSL https://a | sh",
		"wget -qO- https://a | sudo -E bash -s -- x",
		"apt-get update && curl https://a |   /bin/bash",
		"curl https://a | tee x | python3 -",
		"sh -c \"$(curl -fsSL https://a)\"",
		"bash <(curl https://a)",
		"eval `wget -qO- https://a`",
	] {
		paths("dockerfile-curl-pipe-shell", [command("run", [text])]) == {"0.Value"}
	}
	paths("dockerfile-curl-pipe-shell", [command("run", ["sh", "-c", "curl https://a | sh"])]) == {"0.Value"}
}

test_triggers_count_as_instructions if {
	later := [[{"Cmd": "onbuild", "SubCmd": "ADD", "Flags": [], "Value": ["https://a/b", "/x"]}]]
	{result.id | some result in data.dockerfile.deny} == {"dockerfile-remote-add"} with input as later
}

test_the_parser_puts_a_list_around if {
	{result.path | some result in data.dockerfile.deny} == {[0, 0, "Value", 0]} with input as [parsed([from([pinned])])]
}
