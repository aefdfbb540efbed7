package app

import (
	"runtime"
	"syscall"
)

// prefault has the first bytes of the heap backed by huge pages, where the system leaves it to programs to ask (transparent_hugepage=madvise, as
// most do). A process of a tenth of a second else spends a fifth of it on having 4 KB at a time put in. It takes memory for a moment and
// returns it to the heap; the pages are there once they are written to.
func prefault(bytes int) {
	pages := make([]byte, bytes)
	_ = syscall.Madvise(pages, syscall.MADV_HUGEPAGE) // a kernel without them does as before
	runtime.KeepAlive(pages)
	runtime.GC()
}
