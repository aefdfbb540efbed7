package document_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/placement/fieldpath"
)

// The values are those that conftest's parsers return for the files of testdata/text.
func TestLocateInOtherFormats(t *testing.T) {
	t.Parallel()
	for file, places := range map[string]map[string]string{
		"Dockerfile": {
			"": "4 parent", "[0]": "4 parent", "[0][0]": "4 exact", "[0][1]": "5 exact", "[0][1].Cmd": "5 exact", "[0][1].Value[0]": "5 exact",
			"[0][3]": "7 exact", "[0][3].Value": "7 exact", "[0][3].Value[0]": "7 parent", "[0][4]": "12 exact",
			"[0][4].Flags[0]": "12 exact", "[0][5]": "14 exact",
			"[0][6]": "19 exact", "[0][7]": "20 exact", "[0][8]": "21 exact", "[0][9].SubCmd": "22 exact", "[0][10].Value[0]": "23 exact",
			"[0][11].Value[4]": "25 exact", "[0][11].Value[0]": "24 parent", "[0][12].Flags[0]": "26 exact", "[0][13].Value[1]": "27 exact",
			"[0][13].None": "27 parent", "[0][14]": "4 parent", "[0].x": "4 parent",
		},
		"main.tf": {
			"resource.aws_s3_bucket.logs[0].acl": "12 exact", "resource.aws_s3_bucket.logs.acl": "12 parent",
			"resource.aws_s3_bucket.logs[0].tags.Name":   "14 exact",
			`resource.aws_s3_bucket.logs[0].tags["a/b"]`: "15 exact", "resource.aws_s3_bucket.logs[0].force_destroy": "20 exact",
			"resource.aws_s3_bucket.logs[0]": "10 exact", "resource.aws_s3_bucket.logs": "10 exact", "resource.aws_s3_bucket.site[0].acl": "24 exact",
			"resource.aws_s3_bucket": "10 parent", "resource.aws_s3_bucket.site[0].bucket": "23 parent", "terraform[0].required_version": "3 exact",
			"variable.region[0].default": "6 exact", "resource.aws_security_group.web[0].ingress[0].from_port": "29 exact",
			"resource.aws_security_group.web[0].ingress[1].from_port": "33 exact", "resource.aws_security_group.web[0].ingress[1].cidr_blocks[1]": "36 exact",
			"resource.aws_security_group.web[0].ingress[2]": "27 parent", "resource.none": "10 parent", "none": "0 file", "": "2 parent",
		},
		"config.toml": {
			"title": "1 exact", "owner.name": "2 exact", "server.host": "9 exact", "server.ports[0]": "10 exact",
			"server.ports[1]": "11 exact", "server.tls.key": "12 exact",
			"server.limits.rate": "15 exact", "server.limits": "14 exact", "rule[0].id": "18 exact", "rule[0].match.path": "21 exact", "rule[1].id": "24 exact",
			"rule[1].match.path": "27 exact", `rule[1].match["dotted.key"]`: "28 exact", "rule[1].none": "23 parent",
			"server.none": "8 parent", "text": "3 exact", "rule": "17 parent",
		},
		"app.ini": {
			"":              "2 parent",
			"database.host": "4 exact", "database.port": "5 exact", `["database.replica"].host`: "7 exact", "database": "3 exact",
			"database.none": "3 parent", "none.host": "4 parent",
		},
		"app.properties": {`["server.port"]`: "2 exact", `["server.address"]`: "3 exact", "long": "4 exact", "spaced": "6 exact", `["server.fake"]`: "5 parent"},
		"prod.env":       {"TOKEN": "2 exact", "URL": "3 exact", "NONE": "0 file"},
		"nginx.conf": {
			"directives[0].block.directives[1].parameters[0]": "3 exact", "directives[0].block.directives[2].block.directives[0].parameters[0]": "5 exact",
			"directives[0].name": "1 exact",
		},
		"CODEOWNERS": {"rules[1].pattern": "3 exact", "rules[1].owners[0].value": "3 exact", "rules[0].pattern": "0 file"},
		"settings.jsonc": {"name": "3 exact", "deep.name": "8 exact", "list[1].a": "6 exact", "list[0].a": "5 exact",
			"list[1]": "6 exact", "list[2]": "4 parent", "deep.none": "8 parent"},
	} {
		doc := textDocument(t, file)
		for text, want := range places {
			path, err := fieldpath.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			p := doc.Locate(path)
			if got := fmt.Sprintf("%d %s", p.Line, p.Confidence); got != want {
				t.Errorf("%s: %s is at %s, want %s", file, path, got, want)
			}
		}
	}
}

func textDocument(t testing.TB, file string) *document.Document {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/text", file))
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := os.ReadFile(filepath.Join("testdata/values", file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(decoded))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	docs := document.FromValue(file, data, value)
	if len(docs) != 1 {
		t.Fatalf("%d documents", len(docs))
	}
	return docs[0]
}

// conftest hands the list in the list to policies.
func TestLocateInADockerfileWithoutTheOuterList(t *testing.T) {
	t.Parallel()
	doc := textDocument(t, "Dockerfile")
	inner := document.FromValue("Dockerfile", mustRead(t, "testdata/text/Dockerfile"), doc.Value.([]any)[0])[0]
	p := inner.Locate(fieldpath.Path{fieldpath.Index(10), fieldpath.Key("Value"), fieldpath.Index(0)})
	if p.Line != 23 || p.Confidence != "exact" {
		t.Errorf("%+v", p)
	}
	crlf := bytes.ReplaceAll(mustRead(t, "testdata/text/Dockerfile"), []byte("\n"), []byte("\r\n"))
	windows := document.FromValue("x.dockerfile", crlf, doc.Value)[0]
	if p := windows.Locate(fieldpath.Path{fieldpath.Index(0), fieldpath.Index(13)}); p.Line != 27 || p.Confidence != "exact" {
		t.Errorf("with CRLF: %+v", p)
	}
	// Where the text has other instructions than the value, no line is told from their number.
	other := document.FromValue("Dockerfile", []byte("FROM a\nRUN b\n"), doc.Value)[0]
	same := document.FromValue("Dockerfile", []byte("FROM a\nRUN b\n"), []any{[]any{map[string]any{"Cmd": "from"}, map[string]any{"Cmd": "copy"}}})[0]
	if p := same.Locate(fieldpath.Path{fieldpath.Index(0), fieldpath.Index(1)}); p.Line != 0 || p.Confidence != "file" {
		t.Errorf("%+v", p)
	}
	if p := other.Locate(fieldpath.Path{fieldpath.Index(0), fieldpath.Index(1)}); p.Line != 0 || p.Confidence != "file" {
		t.Errorf("%+v", p)
	}
}

func mustRead(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// buildkit drops the comments above an empty one.
func TestLocateCountsTheCommentsOfADockerfile(t *testing.T) {
	t.Parallel()
	value := []any{[]any{map[string]any{"Cmd": "comment"}, map[string]any{"Cmd": "from"}}}
	doc := document.FromValue("Dockerfile", []byte("# dropped\n#\n# kept\nFROM x\n"), value)[0]
	if p := doc.Locate(fieldpath.Path{fieldpath.Index(0), fieldpath.Index(0)}); p.Line != 3 || p.Confidence != "exact" {
		t.Errorf("%+v", p)
	}
}

// In a format that is not known, a key is only a guess unless its line has the value too.
func TestLocateDoubtsAKeyWithoutItsValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"name = word\n": "1 exact", "name = other\n": "1 parent", "other = 1\n": "0 file", "": "0 file",
		"\n<- name=word\n<- name=word\n": "2 parent", // two lines are as good
		"\n<- name=word\n":               "2 exact",
		"some words\n":                   "0 file", // part of a word is no value
		"my-word\n":                      "0 file",
		"a word\n":                       "1 exact",
	} {
		p := document.FromValue("a.conf", []byte(text), map[string]any{"name": "word"})[0].Locate(fieldpath.Path{fieldpath.Key("name")})
		if got := fmt.Sprintf("%d %s", p.Line, p.Confidence); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
