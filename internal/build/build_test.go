package build_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/build"
	"github.com/org/platform/internal/finding"
)

const (
	goMod   = "module example.com/hello\n\ngo 1.24\n"
	mainOK  = "package main\n\nfunc main() { println(\"hello\") }\n"
	mainBad = "package main\n\nfunc main() {\n\tprintln(missing)\n}\n"
)

var linux = build.Platform{OS: "linux", Arch: "amd64"}

// component writes files into a fresh folder.
func component(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, opts build.Options) *build.Result {
	t.Helper()
	if opts.Name == "" {
		opts.Name = "hello"
	}
	if opts.Platforms == nil {
		opts.Platforms = []build.Platform{linux}
	}
	result, err := build.Build(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// commit makes the folder a repository with one commit.
func commit(t *testing.T, dir, subject string) {
	t.Helper()
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-q", "-m", subject}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
}

func TestBuildIsReproducible(t *testing.T) {
	t.Parallel()
	platforms := []build.Platform{linux, {OS: "linux", Arch: "arm64"}}
	build1 := func(subject, unrelated string) (string, *build.Result) {
		dir := component(t, map[string]string{"go.mod": goMod, "main.go": mainOK, "README.md": unrelated})
		commit(t, dir, subject)
		// The stamps that the toolchain would add by default must not come in through the environment either.
		return dir, run(t, build.Options{Dir: dir, Platforms: platforms, SkipTests: true, Env: append(os.Environ(), "GOFLAGS=-buildvcs=true")})
	}
	dir, first := build1("one", "a")
	_, second := build1("two", "b")
	if len(first.Artifacts) != 2 || len(second.Artifacts) != 2 {
		t.Fatalf("artifacts %d and %d, want 2: %v", len(first.Artifacts), len(second.Artifacts), first.Findings)
	}
	for i, a := range first.Artifacts {
		b := second.Artifacts[i]
		if a.SHA256 != b.SHA256 || a.Size != b.Size || a.Size == 0 {
			t.Errorf("%s differs between folders and commits: %s and %s", a.Platform, a.SHA256, b.SHA256)
		}
		if want := filepath.Join(dir, "dist", "linux_"+a.Platform.Arch, "hello"); a.Path != want {
			t.Errorf("path %s, want %s", a.Path, want)
		}
	}
	out, err := exec.Command("go", "version", "-m", first.Artifacts[0].Path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "CGO_ENABLED=0") || strings.Contains(string(out), "vcs.") {
		t.Errorf("build info: %v\n%s", err, out)
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	// Each want is "place: message" as a person reads it; none for a component in order.
	tests := map[string]struct {
		files map[string]string
		want  []string
		tests build.TestSummary
	}{
		"tests pass": {
			files: map[string]string{"main_test.go": "package main\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Run(\"x\", func(t *testing.T) {}) }\n" +
				"func TestB(t *testing.T) { t.Skip(\"later\") }\n"},
			tests: build.TestSummary{Passed: 2, Skipped: 1, Packages: 1},
		},
		"test fails": {
			files: map[string]string{"sub/x_test.go": "package sub\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {\n\tt.Log(\"only a note\")\n" +
				"\tt.Errorf(\"got 1\\nwant 2\")\n\tt.Run(\"x\", func(t *testing.T) {\n\t\tt.Fatal(\"inner\")\n\t})\n}\n"},
			want:  []string{"sub/x_test.go:7: TestA: got 1\nwant 2", "sub/x_test.go:9: TestA/x: inner"},
			tests: build.TestSummary{Failed: 2, Packages: 1},
		},
		"parent of a failed subtest says nothing of its own": {
			files: map[string]string{"x_test.go": "package main\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {\n" +
				"\tt.Run(\"x\", func(t *testing.T) { t.Fatal(\"inner\") })\n}\n"},
			want:  []string{"x_test.go:6: TestA/x: inner"},
			tests: build.TestSummary{Failed: 2, Packages: 1},
		},
		"test fails without a message": {
			files: map[string]string{"x_test.go": "package main\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Fail() }\n"},
			want:  []string{"TestA in example.com/hello failed without a message"},
			tests: build.TestSummary{Failed: 1, Packages: 1},
		},
		"panic is placed on the code at fault": {
			files: map[string]string{
				"lib/lib.go":      "package lib\n\nfunc Set(m map[string]int) {\n\tm[\"x\"] = 1\n}\n",
				"lib/lib_test.go": "package lib\n\nimport \"testing\"\n\nfunc TestSet(t *testing.T) { Set(nil) }\n"},
			want:  []string{"lib/lib.go:4: TestSet: panic: assignment to entry in nil map"},
			tests: build.TestSummary{Failed: 1, Packages: 1},
		},
		"tests exit early": {
			files: map[string]string{"x_test.go": "package main\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
				"func TestMain(m *testing.M) { println(\"no database\"); os.Exit(3) }\n"},
			want:  []string{"the tests of example.com/hello failed: no database"},
			tests: build.TestSummary{Packages: 1},
		},
		"does not compile":      {files: map[string]string{"main.go": mainBad}, want: []string{"main.go:4:10: undefined: missing"}},
		"test does not compile": {files: map[string]string{"x_test.go": "package main\n\nvar _ = missing\n"}, want: []string{"x_test.go:3:9: undefined: missing"}},
		"vet complains": {
			files: map[string]string{"x_test.go": "package main\n\nimport (\n\t\"fmt\"\n\t\"testing\"\n)\n\nfunc TestA(t *testing.T) {\n\tfmt.Printf(\"%d\", \"x\")\n}\n"},
			want:  []string{"x_test.go:9:14: fmt.Printf format %d has arg \"x\" of wrong type string"},
		},
		"unknown import": {
			files: map[string]string{"main.go": "package main\n\nimport _ \"example.com/none/such\"\n\nfunc main() {}\n"},
			want: []string{"main.go:3:8: no required module provides package example.com/none/such; to add it:\n" +
				"go get example.com/none/such"},
		},
		"syntax": {files: map[string]string{"main.go": "package main\n\nfunc main( {\n"}, want: []string{"main.go:3:12: syntax error: unexpected {, expected )"}},
		"no package clause": {files: map[string]string{"main.go": "pakage main\n"},
			want: []string{"main.go:1:1: expected 'package', found pakage"}},
		"cgo": {
			files: map[string]string{"main.go": "package main\n\nfunc main() { native() }\n",
				"native.go": "package main\n\nimport \"C\"\n\nfunc native() {}\n"},
			want: []string{"main.go:3:15: undefined: native", "native.go:3: import \"C\" needs cgo, which is off: this file is left out of the binary"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"go.mod": goMod, "main.go": mainOK}
			for file, content := range tt.files {
				files[file] = content
			}
			result := run(t, build.Options{Dir: component(t, files)})
			var got []string
			for _, f := range result.Findings {
				f.Fix = ""
				got = append(got, f.String())
				if f.Severity != finding.Error || f.RuleID == "" || (f.Line > 0) != (f.Confidence == finding.Exact) {
					t.Errorf("severity %q, rule %q, confidence %q of %s", f.Severity, f.RuleID, f.Confidence, f)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("findings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			if result.Tests != tt.tests {
				t.Errorf("tests %+v, want %+v", result.Tests, tt.tests)
			}
			if (len(result.Artifacts) > 0) != (len(tt.want) == 0) {
				t.Errorf("%d artifacts with %d findings", len(result.Artifacts), len(got))
			}
		})
	}
}

func TestCompileErrorOfOnePlatformNamesIt(t *testing.T) {
	t.Parallel()
	dir := component(t, map[string]string{"go.mod": goMod, "main.go": mainOK,
		"main_windows.go": "package main\n\nvar _ = missing\n", "dist/windows_amd64/hello.exe": "old"})
	result := run(t, build.Options{Dir: dir, SkipTests: true, Platforms: []build.Platform{linux, {OS: "windows", Arch: "amd64"}}})
	if len(result.Findings) != 1 || result.Findings[0].String() != "main_windows.go:3:9: undefined: missing (windows/amd64)" {
		t.Errorf("findings %v", result.Findings)
	}
	if len(result.Artifacts) != 0 {
		t.Errorf("artifacts of a build that failed: %v", result.Artifacts)
	}
	if _, err := os.Stat(filepath.Join(dir, "dist/windows_amd64/hello.exe")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old binary is still there: %v", err)
	}
}

func TestCgoWithPureGoVariantIsAWarning(t *testing.T) {
	t.Parallel()
	dir := component(t, map[string]string{"go.mod": goMod, "main.go": "package main\n\nfunc main() { native() }\n",
		"native.go": "package main\n\nimport \"C\"\n\nfunc native() {}\n",
		"pure.go":   "//go:build !cgo\n\npackage main\n\nfunc native() {}\n"})
	result := run(t, build.Options{Dir: dir, SkipTests: true})
	if len(result.Findings) != 1 || result.Findings[0].Severity != finding.Warning || result.Findings[0].Place() != "native.go:3" {
		t.Errorf("findings %+v, want a warning on native.go:3", result.Findings)
	}
	if len(result.Artifacts) != 1 {
		t.Errorf("artifacts %v", result.Artifacts)
	}
}

func TestMainPackage(t *testing.T) {
	t.Parallel()
	one := map[string]string{"go.mod": goMod, "cmd/a/main.go": mainOK, "lib/lib.go": "package lib\n"}
	two := map[string]string{"go.mod": goMod, "cmd/a/main.go": mainOK, "cmd/b/main.go": mainOK}
	tests := map[string]struct {
		files       map[string]string
		sub, choice string
		wantErr     string
	}{
		"only one":                {files: one},
		"chosen":                  {files: two, choice: "./cmd/b"},
		"chosen without ./":       {files: two, choice: "cmd/b/"},
		"package of a root":       {files: two, sub: "cmd/a"},
		"several":                 {files: two, wantErr: "choose one with --main: ./cmd/a, ./cmd/b"},
		"unknown":                 {files: two, choice: "./cmd/c", wantErr: "choose one of ./cmd/a, ./cmd/b"},
		"none":                    {files: map[string]string{"go.mod": goMod, "lib/lib.go": "package lib\n"}, wantErr: "no main package"},
		"a flag":                  {files: one, choice: "-toolexec=touch", wantErr: "give a folder below the component"},
		"outside":                 {files: one, choice: "../other", wantErr: "give a folder below the component"},
		"not a Go component":      {files: map[string]string{"package.json": "{}"}, wantErr: "is a Node.js package (package.json)"},
		"nothing known":           {files: map[string]string{"README.md": ""}, wantErr: "only Go components are built here"},
		"module above repository": {files: map[string]string{"go.mod": goMod, "repo/.git/HEAD": "", "repo/main.go": mainOK}, sub: "repo", wantErr: "no go.mod in"},
		"broken go.mod":           {files: map[string]string{"go.mod": "modul x\n", "main.go": mainOK}, wantErr: "unknown directive: modul"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(component(t, tt.files), tt.sub)
			result, err := build.Build(t.Context(), build.Options{Dir: dir, Name: "hello", Main: tt.choice, SkipTests: true, Platforms: []build.Platform{linux}})
			if tt.wantErr == "" {
				if err != nil || len(result.Artifacts) != 1 {
					t.Fatalf("result %+v, error %v", result, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("error %v, want %q", err, tt.wantErr)
			}
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	dir := component(t, map[string]string{"go.mod": goMod, "main.go": mainOK})
	ok := build.Options{Dir: dir, Name: "hello", Platforms: []build.Platform{linux}}
	for want, change := range map[string]func(*build.Options){
		"open the component's folder": func(o *build.Options) { o.Dir = filepath.Join(dir, "none") },
		"binary name":                 func(o *build.Options) { o.Name = "../hello" },
		"no platform":                 func(o *build.Options) { o.Platforms = nil },
		"is not os/arch":              func(o *build.Options) { o.Platforms = []build.Platform{{OS: "linux"}} },
		"lunix/amd64": func(o *build.Options) {
			o.Platforms = []build.Platform{{OS: "lunix", Arch: "amd64"}}
			o.SkipTests = true
		},
	} {
		opts := ok
		change(&opts)
		if _, err := build.Build(t.Context(), opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// hangs is a test that says where it runs by opening a connection, which ends with its process.
const hangs = `package main

import (
	"net"
	"os"
	"testing"
)

func TestHangs(t *testing.T) {
	if _, err := net.Dial("tcp", os.Getenv("ADDRESS")); err != nil {
		t.Fatal(err)
	}
	select {}
}
`

func TestCancelledBuildEndsWithItsTests(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	connected := make(chan net.Conn, 1)
	go func() {
		defer cancel()
		if conn, err := listener.Accept(); err == nil {
			connected <- conn
		}
	}()
	dir := component(t, map[string]string{"go.mod": goMod, "main.go": mainOK, "x_test.go": hangs})
	_, err = build.Build(ctx, build.Options{Dir: dir, Name: "hello", Platforms: []build.Platform{linux},
		Env: append(os.Environ(), "ADDRESS="+listener.Addr().String())})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want context.Canceled", err)
	}
	conn := <-connected
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the test process outlived the build")
	}
}

func TestParsePlatform(t *testing.T) {
	t.Parallel()
	if p, err := build.ParsePlatform("linux/arm64"); err != nil || p != (build.Platform{OS: "linux", Arch: "arm64"}) {
		t.Errorf("%v, %v", p, err)
	}
	for _, bad := range []string{"", "linux", "linux/", "/amd64", "linux/arm/v7", "-x/y", "linux amd64"} {
		if _, err := build.ParsePlatform(bad); err == nil || !strings.Contains(err.Error(), "linux/amd64") {
			t.Errorf("%q: error %v, want one with an example", bad, err)
		}
	}
}
