// Package rego evaluates conftest policies over decoded documents: loaded with conftest, evaluated through prepared
// queries, without access to the network, the environment or files.
package rego
