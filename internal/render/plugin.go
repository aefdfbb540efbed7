package render

import (
	"fmt"
	"path"
	"reflect"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/types"
)

// checkPlugins checks entries of generators, transformers and validators: inline configurations, files of them, or folders.
// A configuration names files in turn, which kustomize opens without another look at a kustomization file.
func (c *checker) checkPlugins(entries []string) {
	for _, entry := range entries {
		if isRemote(entry) {
			c.report(valueLine(c.data, entry), fmt.Sprintf("%q would be fetched over the network", entry),
				"copy it into the repository: only resources and components may be remote")
			continue
		}
		c.checkConfigs(c.data, c.file, []byte(entry))
		c.checkPath(entry)
		c.checkPluginPath(path.Join(c.dir, entry), map[string]bool{})
	}
}

// checkPluginPath checks a file or folder of configurations. What cannot be read is left to kustomize to report.
func (c *checker) checkPluginPath(p string, seen map[string]bool) {
	dir, file, err := c.tree.CleanedAbs(p)
	if err != nil || seen[p] {
		return
	}
	seen[p] = true
	if file == "" {
		c.checkPluginDir(dir.String(), seen)
		return
	}
	if data, err := c.tree.raw(dir.Join(file)); err == nil {
		c.checkConfigs(data, c.tree.display(dir.Join(file)), data)
	}
}

// checkPluginDir checks a folder of configurations. It may only list resources: what patches and replacements would make of a
// configuration is not known before kustomize acts on it.
func (c *checker) checkPluginDir(dir string, seen map[string]bool) {
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		data, err := c.tree.raw(path.Join(dir, name))
		var k types.Kustomization
		if err != nil || k.Unmarshal(data) != nil {
			continue
		}
		file := c.tree.display(path.Join(dir, name))
		rest := k
		rest.TypeMeta, rest.MetaData, rest.Resources, rest.Bases = types.TypeMeta{}, nil, nil, nil
		if !reflect.DeepEqual(rest, types.Kustomization{}) {
			c.reportIn(file, 0, "a folder of generators, transformers or validators may only list resources", "write them out as files")
		}
		for _, entry := range append(k.Resources, k.Bases...) {
			if isRemote(entry) {
				c.reportIn(file, valueLine(data, entry), fmt.Sprintf("%q would be fetched over the network", entry),
					"copy it into the repository")
				continue
			}
			c.checkPluginPath(path.Join(dir, entry), seen)
		}
	}
}

// checkConfigs checks plugin configurations, read by kustomize's own parser; place and file are where problems are shown.
func (c *checker) checkConfigs(place []byte, file string, configs []byte) {
	resources, err := provider.NewDefaultDepProvider().GetResourceFactory().SliceFromBytes(configs)
	if err != nil {
		return
	}
	for _, r := range resources {
		switch kind := r.GetKind(); {
		case r.GetApiVersion() != konfig.BuiltinPluginApiVersion:
			c.reportIn(file, valueLine(place, kind), fmt.Sprintf("%s %q is not built into kustomize: exec and container functions "+
				"are not supported, a render starts no program", r.GetApiVersion(), kind), "commit what it generates")
		case kind == "HelmChartInflationGenerator":
			c.reportIn(file, valueLine(place, kind), "helm charts are not supported: a render starts no program",
				"run helm template, commit its output and list it under resources")
		default:
			if fields, err := r.Map(); err == nil {
				c.checkFields(place, file, "", fields)
			}
		}
	}
}

// checkFields checks the values of fields that name files, at any depth.
func (c *checker) checkFields(place []byte, file, key string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for k, v := range value {
			c.checkFields(place, file, strings.ToLower(k), v)
		}
	case []any:
		for _, v := range value {
			c.checkFields(place, file, key, v)
		}
	case string:
		switch key {
		case "path", "paths", "files", "env", "envs", "targetfilepath":
			c.checkFile(place, file, value)
		}
	}
}
