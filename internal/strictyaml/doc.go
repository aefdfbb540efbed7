// Package strictyaml decodes YAML written by people into Go types: unknown fields, duplicate keys and wrong types are
// problems with file, line, column and a suggestion, and every field's place stays known for later checks.
package strictyaml
