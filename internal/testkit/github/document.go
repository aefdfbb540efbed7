package github

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

//go:embed openapi.json
var openAPI []byte

// apiRoot is where a server of one's own has its REST API.
const apiRoot = "/api/v3"

// object is a JSON object.
type object = map[string]any

// document is GitHub's description of its REST API.
type document struct {
	*openapi3.T
	router routers.Router
}

// description reads the document once for all servers: nothing changes it.
var description = sync.OnceValues(func() (*document, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		return nil, fmt.Errorf("read openapi.json: %w", err)
	}
	doc.Servers = openapi3.Servers{{URL: apiRoot}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("read openapi.json: %w", err)
	}
	return &document{doc, router}, nil
})

// checked is a request that has an operation.
type checked struct {
	input *openapi3filter.RequestValidationInput
	id    string // of the operation
	vars  map[string]string
}

// request finds a request's operation and holds the request against it.
func (d *document) request(r *http.Request, body []byte) (c checked, err error) {
	route, vars, err := d.router.FindRoute(r)
	if err != nil {
		return checked{}, fmt.Errorf("is no operation of openapi.json: %w", err)
	}
	r.Body = nil
	if len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	c = checked{id: route.Operation.OperationID, vars: vars}
	c.input = &openapi3filter.RequestValidationInput{Request: r, PathParams: vars, Route: route, Options: brief()}
	if err := openapi3filter.ValidateRequest(context.Background(), c.input); err != nil {
		return c, err
	}
	for name := range r.URL.Query() {
		if route.Operation.Parameters.GetByInAndName("query", name) == nil {
			return c, fmt.Errorf("has no query parameter %q", name)
		}
	}
	return c, knownFields(route.Operation, body)
}

// brief has errors name the place and the reason, and not quote the schema.
func brief() *openapi3filter.Options {
	options := &openapi3filter.Options{SkipSettingDefaults: true}
	options.WithCustomSchemaErrorFunc(func(err *openapi3.SchemaError) string {
		return "/" + strings.Join(err.JSONPointer(), "/") + ": " + err.Reason
	})
	return options
}

// knownFields refuses what GitHub would silently leave out.
func knownFields(operation *openapi3.Operation, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	var sent object
	if operation.RequestBody == nil || json.Unmarshal(body, &sent) != nil {
		return nil
	}
	schema := operation.RequestBody.Value.Content.Get("application/json").Schema.Value
	known := slices.Collect(maps.Keys(schema.Properties))
	for _, one := range schema.OneOf {
		known = slices.AppendSeq(known, maps.Keys(one.Value.Properties))
	}
	for name := range sent {
		if !slices.Contains(known, name) {
			return fmt.Errorf("has no field %q", name)
		}
	}
	return nil
}

// response holds an answer against the operation.
func (d *document) response(c checked, status int, header http.Header, body []byte) error {
	options := brief()
	options.IncludeResponseStatus = status < http.StatusBadRequest
	input := &openapi3filter.ResponseValidationInput{RequestValidationInput: c.input, Status: status, Header: header, Options: options}
	return openapi3filter.ValidateResponse(context.Background(), input.SetBodyBytes(body))
}

// fill returns a value of a schema: what is given, and something for all else that has to be there.
func (d *document) fill(schema string, given object) object {
	return complete(d.Components.Schemas[schema].Value, given)
}

func complete(schema *openapi3.Schema, given object) object {
	whole := maps.Clone(given)
	if whole == nil {
		whole = object{}
	}
	for _, name := range schema.Required {
		property := schema.Properties[name]
		if _, there := whole[name]; !there && property != nil {
			whole[name] = nothing(property.Value)
		}
	}
	return whole
}

// nothing returns a value that says as little as a schema allows.
func nothing(schema *openapi3.Schema) any {
	switch {
	case schema.Nullable:
		return nil
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case schema.Type.Is("string") && schema.Format == "uri":
		return "https://github.example/"
	case schema.Type.Is("string") && schema.Format == "date-time":
		return "2026-01-01T00:00:00Z"
	case schema.Type.Is("string"):
		return ""
	case schema.Type.Is("boolean"):
		return false
	case schema.Type.Is("array"):
		return []any{}
	case schema.Type.Is("object"):
		return complete(schema, nil)
	}
	return 0
}
