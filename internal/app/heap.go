package app

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// headroom is how much garbage may gather, in bytes, where less is in use than that. These processes live for seconds and make much of it:
// to collect it at once would take a third more time.
const headroom = 64 << 20

// PaceGC makes the peak of memory what is in use and the headroom, or twice what is in use. So it does not grow with how much is done, as it would
// where garbage may be a multiple of what happens to be in use at a time. It is called once, when a process starts.
func PaceGC() {
	debug.SetGCPercent(gcPercent(0))
	prefault(headroom)
	afterEachGC(func() { debug.SetGCPercent(gcPercent(inUse())) })
}

// gcPercent is the GOGC at which the headroom may be filled where so many bytes are in use.
func gcPercent(inUse uint64) int {
	const least = 4 << 20                                // Go takes no heap for smaller than that
	return max(100, 100*headroom/int(max(inUse, least))) //nolint:gosec // a heap has fewer bytes than an int counts
}

// inUse returns the bytes that the last collection found in use.
func inUse() uint64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return live[0].Value.Uint64()
}

// afterEachGC calls f after each collection, on a goroutine of its own.
func afterEachGC(f func()) {
	type mark [32]byte // what is smaller may share its memory with something that stays
	var again func(*mark)
	again = func(m *mark) {
		f()
		runtime.SetFinalizer(m, again)
	}
	runtime.SetFinalizer(new(mark), again)
}
