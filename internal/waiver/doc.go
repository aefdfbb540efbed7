// Package waiver reads which findings are accepted, by whom, why and until when, and tells which of them a finding is.
package waiver
