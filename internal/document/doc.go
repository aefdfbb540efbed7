// Package document decodes files into the documents that policies are evaluated on, and tells on which line a field of a document is.
package document
