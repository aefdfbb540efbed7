// Package forge is the adapter to GitHub: github.com, and servers of one's own.
package forge
