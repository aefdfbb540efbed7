// Package report makes every report of a check from its one list of findings: for people on a terminal and in Markdown, for machines as JSON, SARIF
// and JUnit, and the choice of what is annotated. What others wrote is only ever text in it, and of bounded length.
package report
