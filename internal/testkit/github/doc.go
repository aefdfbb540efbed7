// Package github is a GitHub server for tests: its pull requests, checks and deployments are about a real Git repository, and what is asked of it and what it
// answers are held against GitHub's own description.
package github
