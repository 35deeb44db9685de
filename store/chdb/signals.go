package chdb

import (
	"encoding/binary"
	"sync"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

// keepSignals runs a call into the library and puts every signal handler back
// that it changed. 26.7.3 leaves Go's alone once chdb_set_signal_handlers_enabled(0)
// was called; its forerunners set the deadly ones to the system's default at that
// call and at every new connection, which turns a recoverable nil dereference
// into the end of the process.
func keepSignals(call func()) {
	signalsMu.Lock()
	defer signalsMu.Unlock()
	sigaction := loadSigaction()
	var before, after [32]action
	for sig := 1; sig < len(before); sig++ {
		sigaction(int32(sig), nil, unsafe.Pointer(&before[sig]))
	}
	call()
	for sig := 1; sig < len(after); sig++ {
		sigaction(int32(sig), nil, unsafe.Pointer(&after[sig]))
		if sig == int(syscall.SIGKILL) || sig == int(syscall.SIGSTOP) {
			continue
		}
		if after[sig].handler() != before[sig].handler() {
			sigaction(int32(sig), unsafe.Pointer(&before[sig]), nil)
		}
	}
}

var signalsMu sync.Mutex

// action is the C library's struct sigaction, larger than it is anywhere. The
// handler's address stands first on every system that the engine runs on.
type action [256]byte

func (a *action) handler() uint64 { return binary.NativeEndian.Uint64(a[:8]) }

// loadSigaction finds sigaction(2) in the C library that libchdb brought with it.
var loadSigaction = sync.OnceValue(func() func(sig int32, set, old unsafe.Pointer) int32 {
	var fn func(sig int32, set, old unsafe.Pointer) int32
	purego.RegisterLibFunc(&fn, purego.RTLD_DEFAULT, "sigaction")
	return fn
})
