package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/workspace"
)

// request asks for one component to be deployed.
type request struct {
	Component string   `json:"component"`
	Images    []string `json:"images"`
	from      string   // flag or file that says so
}

// requested collects what the flags and files ask for.
func requested(a *app.App, o Options) ([]request, error) {
	var all []request
	if o.Component != "" || len(o.Images) > 0 {
		all = append(all, request{o.Component, o.Images, "--component"})
	}
	for _, s := range o.Releases {
		component, images, named := strings.Cut(s, "=")
		if !named {
			return nil, app.Usagef("--release %q is not COMPONENT=[NAME=]REPOSITORY@sha256:DIGEST", s)
		}
		all = append(all, request{component, strings.Split(images, ","), "--release " + component})
	}
	for _, file := range o.Files {
		list, err := readFile(a, file)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	if len(all) == 0 {
		return nil, app.Usagef("which component? give --component NAME, --release COMPONENT=IMAGE or --releases FILE")
	}
	return all, check(all)
}

func check(all []request) error {
	for i, r := range all {
		if r.Component == "" {
			return app.Usagef("%s: which component? give --component NAME", r.from)
		}
		if len(r.Images) == 0 {
			return app.Usagef("%s: which image of %s? give --image REPOSITORY@sha256:DIGEST (output image of containerize)", r.from, r.Component)
		}
		same := func(other request) bool { return other.Component == r.Component }
		if j := slices.IndexFunc(all[:i], same); j >= 0 {
			return app.Usagef("%s: %s is already given by %s; name a component once, with all its images", r.from, r.Component, all[j].from)
		}
	}
	return nil
}

// readFile reads one request or a list of them.
func readFile(a *app.App, name string) ([]request, error) {
	var data []byte
	var err error
	if name == "-" {
		name = "standard input"
		data, err = io.ReadAll(a.In)
	} else {
		data, err = os.ReadFile(a.Path(name))
	}
	if err != nil {
		return nil, fmt.Errorf("read releases: %w", err)
	}
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		data = slices.Concat([]byte("["), trimmed, []byte("]"))
	}
	var list []request
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		return nil, app.Usagef("%s%s: %w; write [{\"component\": NAME, \"images\": [REPOSITORY@sha256:DIGEST]}]", name, line(data, err), err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, app.Usagef("%s: something follows the list of releases", name)
	}
	if len(list) == 0 {
		return nil, app.Usagef("%s: the list of releases is empty", name)
	}
	for i := range list {
		list[i].from = fmt.Sprintf("%s[%d]", name, i)
	}
	return list, nil
}

// line returns ":LINE" of a syntax or type error, or "".
func line(data []byte, err error) string {
	offset := int64(-1)
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		offset = syntax.Offset
	} else if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		offset = wrong.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return ""
	}
	return fmt.Sprintf(":%d", 1+bytes.Count(data[:offset], []byte("\n")))
}

// resolve finds the components and reads the images.
func resolve(w *workspace.Workspace, requests []request) ([]delivery.Item, error) {
	var items []delivery.Item
	for _, r := range requests {
		component, err := w.Component(r.Component)
		if err != nil {
			return nil, err
		}
		item := delivery.Item{Component: component}
		for _, s := range r.Images {
			image, err := release.ParseImage(s, component.Name)
			if err != nil {
				return nil, app.Usagef("%s: %w", r.from, err)
			}
			item.Images = append(item.Images, image)
		}
		items = append(items, item)
	}
	return items, nil
}
