package build

import (
	"fmt"
	"os"
	"path/filepath"
)

// otherKinds are the files that show what a component without go.mod is made with, and what builds it instead.
var otherKinds = []struct{ file, kind, instead string }{
	{"package.json", "a Node.js package", "actions/setup-node and docker/build-push-action"},
	{"pyproject.toml", "a Python project", "actions/setup-python and docker/build-push-action"},
	{"requirements.txt", "a Python project", "actions/setup-python and docker/build-push-action"},
	{"pom.xml", "a Maven project", "actions/setup-java and docker/build-push-action"},
	{"build.gradle", "a Gradle project", "actions/setup-java and docker/build-push-action"},
	{"build.gradle.kts", "a Gradle project", "actions/setup-java and docker/build-push-action"},
	{"Cargo.toml", "a Rust crate", "cargo and docker/build-push-action"},
	{"Dockerfile", "built by a Dockerfile", "docker/build-push-action"},
}

// module is where a component's Go module begins and how far up its repository reaches.
type module struct {
	root string // folder with go.mod
	repo string // folder with .git, else root
}

// findModule looks for go.mod in dir and above, up to the repository's root: a go.mod outside is somebody else's.
func findModule(dir string) (module, error) {
	root := ""
	for at := dir; ; at = filepath.Dir(at) {
		if root == "" && isFile(filepath.Join(at, "go.mod")) {
			root = at
		}
		_, err := os.Stat(filepath.Join(at, ".git")) // a file in a worktree or submodule
		inRepo := err == nil
		if root != "" && inRepo {
			return module{root: root, repo: at}, nil
		}
		if inRepo || at == filepath.Dir(at) {
			break
		}
	}
	if root != "" {
		return module{root: root, repo: root}, nil
	}
	return module{}, unsupported(dir)
}

func unsupported(dir string) error {
	for _, k := range otherKinds {
		if isFile(filepath.Join(dir, k.file)) {
			return fmt.Errorf("%s is %s (%s), and only Go components are built here: build its image with %s, "+
				"then hand the image's digest to deploy", dir, k.kind, k.file, k.instead)
		}
	}
	return fmt.Errorf("no go.mod in %s or above it in the repository, and only Go components are built here: "+
		"run go mod init, or build the image in another way (docker/build-push-action) and hand its digest to deploy", dir)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
