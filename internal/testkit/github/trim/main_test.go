package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

const source = `{"openapi": "3.0.3", "info": {"version": "1.2.3", "description": "prose"}, "paths": {
"/pulls": {"get": {"operationId": "pulls/list", "summary": "prose", "x-octokit": {}, "tags": ["t"], "responses": {"200": {"description": "prose", "content":
  {"application/json": {"schema": {"$ref": "#/components/schemas/pull"}, "examples": {"default": {"$ref": "#/components/examples/pull"}}}}}}},
  "delete": {"operationId": "pulls/none", "responses": {}}},
"/other": {"get": {"operationId": "other", "responses": {"200": {"$ref": "#/components/responses/other"}}}}},
"components": {"schemas": {
  "pull": {"title": "prose", "type": "object", "required": ["description"], "properties": {"description": {"type": "string", "description": "prose", "example": "e"},
    "title": {"type": "string"}, "x-y": {"type": "string"}, "user": {"$ref": "#/components/schemas/user"}}},
  "user": {"type": "object", "properties": {"pull": {"$ref": "#/components/schemas/pull"}}}, "other": {"type": "object"}},
  "examples": {"pull": {"value": {"$ref": "#/components/schemas/other"}}}, "responses": {"other": {"description": "prose"}}}}`

const trimmed = `{
"openapi": "3.0.3",
"info": {"title": "GitHub, trimmed", "version": "1.2.3"},
"paths": {
"/pulls": {
"get": {"operationId":"pulls/list","responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/pull"}}},"description":""}}}
}
},
"components": {
"schemas": {
"pull": {"properties":{"description":{"type":"string"},"title":{"type":"string"},"user":{"$ref":"#/components/schemas/user"},"x-y":{"type":"string"}},"required":["description"],"type":"object"},
"user": {"properties":{"pull":{"$ref":"#/components/schemas/pull"}},"type":"object"}
}
}
}
`

func TestTrim(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := trim(strings.NewReader(source), &out, []string{"pulls/list"}); err != nil {
		t.Fatal(err)
	}
	if out.String() != trimmed {
		t.Errorf("got\n%s", out.String())
	}
	if err := trim(strings.NewReader(source), &out, []string{"pulls/list", "pulls/gone"}); err == nil || err.Error() != "the description has no pulls/gone" {
		t.Errorf("got %v", err)
	}
	if err := trim(strings.NewReader("{"), &out, nil); err == nil {
		t.Error("no error")
	}
}

// The file in use is of this list, and trimmed: trimming it again changes nothing.
func TestFile(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := trim(bytes.NewReader(file), &out, operations); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), file) {
		t.Error("openapi.json is not what trim makes: make it again")
	}
	var whole struct {
		Paths map[string]map[string]struct {
			ID string `json:"operationId"`
		}
	}
	if err := json.Unmarshal(file, &whole); err != nil {
		t.Fatal(err)
	}
	for path, item := range whole.Paths {
		for _, operation := range item {
			if !slices.Contains(operations, operation.ID) {
				t.Errorf("%s has %s", path, operation.ID)
			}
		}
	}
}
