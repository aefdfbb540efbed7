//go:build !linux

package app

func prefault(int) {}
