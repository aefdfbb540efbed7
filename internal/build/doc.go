// Package build tests a Go component and builds its binary with the go command, so that the same source gives the same
// bytes in any folder and at any commit. What the compiler and the tests complain about comes back as findings.
package build
