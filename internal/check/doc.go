// Package check evaluates policies over the rendered manifests and the files of a commit, places what they find on authored lines, and tells what of
// it a change brings.
package check
