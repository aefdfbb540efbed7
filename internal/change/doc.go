// Package change finds out what a workflow run or a branch changes: the event that it runs for and the commit to compare with.
package change
