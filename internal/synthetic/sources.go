package synthetic

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"

	"github.com/org/platform/internal/config"
)

// What stands in the skeletons where the name of a service, team or environment belongs. These are names themselves, so that a skeleton renders.
const (
	theService     = "the-service"
	theTeam        = "the-team"
	theEnvironment = "the-environment"
)

//go:embed all:skeleton
var skeletons embed.FS

// skeleton returns the files of skeleton/<name> by their path in it. The embedded folder is part of the program: it cannot be missing.
func skeleton(name string) iter.Seq2[string, string] {
	root := "skeleton/" + name
	return func(yield func(string, string) bool) {
		err := fs.WalkDir(skeletons, root, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := skeletons.ReadFile(file)
			if err == nil && !yield(strings.TrimPrefix(file, root+"/"), string(content)) {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			panic("read " + root + ": " + err.Error())
		}
	}
}

// shape is how a service is built: on a base of its own, or on the shared one.
type shape string

const (
	own    shape = "own"
	shared shape = "shared"
)

func shapeOf(i int) shape {
	if i%3 == 2 {
		return shared
	}
	return own
}

// Sources yields the files that people write, filler included, as path and content. The content is only valid until the next one.
func (o Options) Sources() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for file, content := range o.authored() {
			if !yield(file, content) {
				return
			}
		}
		for file, content := range o.filler() {
			if !yield(file, content) {
				return
			}
		}
	}
}

// authored yields the sources without filler: what the commands read, and READMEs.
func (o Options) authored() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		if !yield(config.FileName, o.platform()) {
			return
		}
		for file, content := range skeleton("repository") {
			if !yield(file, []byte(content)) {
				return
			}
		}
		for i := range o.Services {
			for file, content := range o.service(shapeOf(i), Service(i), team(i)) {
				if file == config.CatalogFile && i > 0 {
					content += "  dependsOn: [component:" + Service(i/2) + "]\n"
				}
				if !yield(path.Join(ServiceDir(i), file), []byte(content)) {
					return
				}
			}
		}
	}
}

// service yields the files of one service by their path in its folder.
func (o Options) service(s shape, name, owner string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		names := strings.NewReplacer(theService, name, theTeam, owner)
		for file, content := range skeleton(string(s)) {
			if !yield(file, names.Replace(content)) {
				return
			}
		}
		for e := range o.Environments {
			for file, content := range skeleton("overlay") {
				if !yield("deploy/overlays/"+Environment(e)+"/"+file, strings.ReplaceAll(content, theEnvironment, Environment(e))) {
					return
				}
			}
		}
	}
}

// platform returns platform.yaml: a line of environments, of which staging soaks and production waits for a person.
func (o Options) platform() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\nmetadata:\n  name: acme\nspec:\n  registry: %s\n  components:\n    - services/*\n  environments:\n",
		config.APIVersion, config.Kind, Registry)
	for e := range o.Environments {
		fmt.Fprintf(&b, "    - name: %s\n", Environment(e))
		if e == 0 {
			continue
		}
		fmt.Fprintf(&b, "      promoteFrom: [%s]\n", Environment(e-1))
		if e == 1 {
			b.WriteString("      promotion: automatic\n      gates:\n        - soak: 30m\n")
		} else {
			b.WriteString("      promotion: manual\n      gates:\n        - soak: 24h\n")
		}
	}
	return b.Bytes()
}
