// Package overlays renders every overlay of a commit and remembers what each read, so that the next commit's are rendered only where that changed.
package overlays
