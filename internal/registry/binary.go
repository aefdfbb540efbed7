package registry

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
)

// machines are the architectures whose binaries can be told apart.
var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64,
	"ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

// checkBinary refuses a binary that would not start: "exec format error" and "no such file" in a cluster say too little.
// A file that is no ELF binary is taken as it is.
func checkBinary(a Artifact, scratch bool) error {
	info, err := os.Stat(a.Path)
	if err != nil {
		return fmt.Errorf("read the binary for %s: %w", a.Platform(), err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("the binary for %s is not a file: %s", a.Platform(), a.Path)
	}
	f, err := elf.Open(a.Path)
	var format *elf.FormatError
	if errors.As(err, &format) {
		return nil
	}
	if err != nil {
		if info.Size() < int64(elf.EI_NIDENT) { // too short for a header
			return nil
		}
		return fmt.Errorf("read the binary for %s: %w", a.Platform(), err)
	}
	defer f.Close()
	if want, known := machines[a.Arch]; known && f.Machine != want {
		return fmt.Errorf("%s is built for %s, not for %s", a.Path, f.Machine, a.Platform())
	}
	for _, segment := range f.Progs {
		if segment.Type == elf.PT_INTERP && scratch {
			return fmt.Errorf("%s is linked dynamically and an image from scratch has no loader: build it with CGO_ENABLED=0, "+
				"or give a base image", a.Path)
		}
	}
	return nil
}
