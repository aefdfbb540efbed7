//go:build !linux && !darwin

package main

import "os"

func peakMemory(*os.ProcessState) int64 { return 0 }

func freeGB(string) float64 { return 0 }
