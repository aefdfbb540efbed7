package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/rego"
)

// The sizes of the comparison. Memory is compared with so many times the documents.
const (
	policyDocuments = 1_000
	policyMore      = 4
)

// checkPolicies measures policies over Deployments: here, in a process of its own that decodes and evaluates as policy-check does, against conftest.
func checkPolicies(ctx context.Context, b *bench, s *section) error {
	conftest, err := b.buildTool(ctx, "conftest")
	if err != nil {
		return err
	}
	few, err := b.policyFolder(policyDocuments)
	if err != nil {
		return err
	}
	many, err := b.policyFolder(policyDocuments * policyMore)
	if err != nil {
		return err
	}
	s.header = []string{"documents", "", "runs", "time", "CPU", "peak memory"}
	measure := func(what string, documents int, args ...string) (series, error) {
		measured, err := b.repeat(ctx, what, func(int) (sample, error) { return b.run(ctx, process{dir: b.dir, args: args}) })
		if err == nil {
			s.row(number(documents), what, number(len(measured)), seconds(measured.wall()), seconds(measured.cpu()), bytesOf(measured.memory()))
		}
		return measured, err
	}
	ours, err := measure("ours, a file each", policyDocuments, b.self, "-policies", few)
	if err != nil {
		return err
	}
	oursMore, err := measure("ours, a file each", policyDocuments*policyMore, b.self, "-policies", many)
	if err != nil {
		return err
	}
	check := []string{conftest, "test", "--no-fail", "--output", "json", "--policy", filepath.Join(few, "policy")}
	one, err := measure("conftest, one file", policyDocuments, append(check, filepath.Join(few, "all.yaml"))...)
	if err != nil {
		return err
	}
	each, err := measure("conftest, a file each", policyDocuments, append(check, filepath.Join(few, "documents"))...)
	if err != nil {
		return err
	}
	if err := b.sameResults(ctx, few, append(check, filepath.Join(few, "all.yaml"))); err != nil {
		return err
	}
	name := fmt.Sprintf("%s Deployments × %d rules", number(policyDocuments), policyRules)
	s.seconds("policies over "+name, ours.wall().Seconds(), 1)
	s.atLeast("conftest with one file / ours, "+name, ratio(one.wall(), ours.wall()), 15)
	s.tell("conftest with a file each / ours, "+name, ratio(each.wall(), ours.wall()))
	s.atMost("peak memory of policies over "+number(policyDocuments*policyMore)+" documents / "+number(policyDocuments),
		ratio(oursMore.memory(), ours.memory()), 1.1)
	s.note("Each is a process that compiles the same bundle of %d rules, decodes the documents and evaluates every rule over each; both report the "+
		"same number of results, which is checked. Ours works on all cores. conftest is %s, built as it is released; it copies every document of a "+
		"file with several, so that a file each is its fastest way.", policyRules, conftestVersion)
	return nil
}

// seconds claims that something takes so many seconds or less.
func (s *section) seconds(what string, value, target float64) {
	s.claims = append(s.claims, claim{what, value, target, true, func(f float64) string { return fmt.Sprintf("%.2f s", f) }})
}

// buildTool builds a program of internal/tools as it is released.
func (b *bench) buildTool(ctx context.Context, name string) (string, error) {
	b.progress("building %s", name)
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	program := filepath.Join(b.bin, name)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "tool")
	build.Dir = filepath.Join(root, "internal", "tools", name)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return program, nil
}

// policyFolder writes the bundle and so many Deployments: each as a file in documents/, and all as all.yaml.
func (b *bench) policyFolder(documents int) (_ string, err error) {
	dir, err := b.fresh(b.disk)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"policy", "documents"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "policy", "kubernetes.rego"), []byte(policyBundle), 0o600); err != nil {
		return "", err
	}
	all, err := os.Create(filepath.Join(dir, "all.yaml"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, all.Close()) }()
	for n := range documents {
		text := policyDeployment(n)
		if _, err := io.WriteString(all, "---\n"+text); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, "documents", fmt.Sprintf("deployment-%04d.yaml", n)), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// evaluate checks the documents of a folder on all cores, as the product does, and writes how many results there are.
func evaluate(ctx context.Context, out io.Writer, dir string) error {
	p, err := rego.Load(ctx, []rego.Bundle{{Name: "policy", Root: os.DirFS(filepath.Join(dir, "policy"))}})
	if err != nil {
		return err
	}
	files, err := os.ReadDir(filepath.Join(dir, "documents"))
	if err != nil {
		return err
	}
	var results, next atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for worker := range errs {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)) && errs[worker] == nil; i = next.Add(1) - 1 {
				var found int
				found, errs[worker] = evaluateFile(ctx, p, filepath.Join(dir, "documents", files[i].Name()))
				results.Add(int64(found))
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if p.Documents() != int64(len(files)) {
		return fmt.Errorf("evaluated %d of %d documents", p.Documents(), len(files))
	}
	_, err = fmt.Fprintln(out, results.Load())
	return err
}

func evaluateFile(ctx context.Context, p *rego.Policies, file string) (results int, err error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	documents, err := document.Parse(filepath.Base(file), content)
	if err != nil {
		return 0, err
	}
	for _, d := range documents {
		found, err := p.Check(ctx, rego.Document, d.Value)
		if err != nil {
			return 0, err
		}
		results += len(found)
	}
	return results, nil
}

// sameResults checks that conftest found as many results as we did.
func (b *bench) sameResults(ctx context.Context, dir string, check []string) error {
	var ours bytes.Buffer
	if err := evaluate(ctx, &ours, dir); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, check[0], check[1:]...).Output()
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(check, " "), err)
	}
	if theirs := fmt.Sprintln(bytes.Count(out, []byte(`"msg":`))); theirs != ours.String() || theirs == "0\n" {
		return fmt.Errorf("conftest found %s results, we %s", strings.TrimSpace(theirs), strings.TrimSpace(ours.String()))
	}
	return nil
}
