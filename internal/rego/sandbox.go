package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// forbidden are the builtins through which a policy could reach outside its input. The schema builtins are among them
// because a schema's $ref may name a file or a URL, which OPA would read.
func forbidden() []string {
	return []string{
		"http.send", "net.lookup_ip_addr", "opa.runtime", "json.match_schema", "json.verify_schema",
		"parse_config", "parse_config_file", "parse_combined_config_files", // conftest's own, which read files
	}
}

// capabilities returns what policies may call. A policy that calls anything else does not compile.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return slices.Contains(forbidden(), b.Name) })
	c.AllowNet = []string{} // none; nil would mean any host
	return c
}
