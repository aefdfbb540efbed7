// Package config reads platform.yaml: what a platform is, decoded strictly, with every problem on its line.
package config
