package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// What policies may call is bounded so that a verdict comes from the input and the data alone, and is the same in every run. rand.intn and
// uuid.rfc4122 stay, with the same seed for every input. time.now_ns stays, because policies with a date of expiry need it: it tells Policies.Time.
// What print and trace write is thrown away, but for tests.

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
