package chdb

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// statementFunc is the C signature that the three ways to run a statement share.
type statementFunc func(conn, query unsafe.Pointer, n uintptr, format unsafe.Pointer, fn uintptr,
	names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer

// library is libchdb's C interface, as far as this package uses it (chdb.h of
// 26.7). Handles are C pointers and never point into Go memory.
type library struct {
	version  func() string
	signals  func(enabled int32)
	connect  func(argc int32, argv *unsafe.Pointer) unsafe.Pointer
	close    func(conn unsafe.Pointer)
	shutdown func() int32

	query       statementFunc
	streamQuery statementFunc
	streamFetch func(conn, result unsafe.Pointer) unsafe.Pointer
	streamStop  func(conn, result unsafe.Pointer)

	insert       statementFunc
	insertAppend func(stream, data unsafe.Pointer, n uintptr) int32
	insertDone   func(stream unsafe.Pointer) unsafe.Pointer
	insertCancel func(stream unsafe.Pointer)
	insertError  func(stream unsafe.Pointer) string
	insertFree   func(stream unsafe.Pointer)

	resultError   func(result unsafe.Pointer) string
	resultBuffer  func(result unsafe.Pointer) unsafe.Pointer
	resultLen     func(result unsafe.Pointer) uintptr
	resultRead    func(result unsafe.Pointer) uint64
	resultWritten func(result unsafe.Pointer) uint64
	resultFree    func(result unsafe.Pointer)

	classify func(conn, query unsafe.Pointer, n uintptr, db unsafe.Pointer, dbn uintptr, out unsafe.Pointer) int32
}

// The library stays loaded for the life of the process: it cannot be unloaded
// with its threads running, and loading it twice is loading it once.
var loading struct {
	sync.Mutex
	lib  *library
	path string
}

// load opens the shared library once per process and tells it to leave the
// process's signals alone.
func load(path string) (*library, error) {
	loading.Lock()
	defer loading.Unlock()
	if loading.lib != nil {
		return loading.lib, nil
	}
	useUTC()
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("chdb: load %s: %w; run `make engine` to install it again", path, err)
	}
	lib, err := bind(handle)
	if err != nil {
		return nil, fmt.Errorf("chdb: %s: %w", path, err)
	}
	keepSignals(func() { lib.signals(0) })
	loading.lib, loading.path = lib, path
	return lib, nil
}

// useUTC makes UTC the engine's time zone, whatever the machine's is: it is read
// from the C environment, which Go does not look at.
func useUTC() {
	var setenv func(name, value string, overwrite int32) int32
	purego.RegisterLibFunc(&setenv, purego.RTLD_DEFAULT, "setenv")
	setenv("TZ", "UTC", 1)
}

// bind resolves every symbol, and reports the first that is missing.
func bind(handle uintptr) (*library, error) {
	lib := new(library)
	var errs []error
	for name, fn := range map[string]any{
		"chdb_version":                     &lib.version,
		"chdb_set_signal_handlers_enabled": &lib.signals,
		"chdb_connect":                     &lib.connect,
		"chdb_close_conn":                  &lib.close,
		"chdb_shutdown":                    &lib.shutdown,
		"chdb_query_with_params_n":         &lib.query,
		"chdb_stream_query_with_params_n":  &lib.streamQuery,
		"chdb_stream_fetch_result":         &lib.streamFetch,
		"chdb_stream_cancel_query":         &lib.streamStop,
		"chdb_stream_insert_with_params_n": &lib.insert,
		"chdb_stream_append":               &lib.insertAppend,
		"chdb_stream_done":                 &lib.insertDone,
		"chdb_stream_cancel_insert":        &lib.insertCancel,
		"chdb_stream_insert_error":         &lib.insertError,
		"chdb_destroy_insert_stream":       &lib.insertFree,
		"chdb_result_error":                &lib.resultError,
		"chdb_result_buffer":               &lib.resultBuffer,
		"chdb_result_length":               &lib.resultLen,
		"chdb_result_rows_read":            &lib.resultRead,
		"chdb_result_rows_written":         &lib.resultWritten,
		"chdb_destroy_query_result":        &lib.resultFree,
		"chdb_classify_query_n":            &lib.classify,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil || symbol == 0 {
			errs = append(errs, fmt.Errorf("it has no %s: version 26.7 or later is needed", name))
			continue
		}
		purego.RegisterFunc(fn, symbol)
	}
	return lib, errors.Join(errs...)
}

// cText is the address and length of a string's bytes, for a C function that
// takes both and keeps neither.
func cText(pin *runtime.Pinner, s string) (unsafe.Pointer, uintptr) {
	if s == "" {
		return unsafe.Pointer(&empty), 0
	}
	p := unsafe.StringData(s)
	pin.Pin(p)
	return unsafe.Pointer(p), uintptr(len(s))
}

var empty byte

// param is the value of a {name:Type} placeholder, escaped as in TSV.
type param struct{ name, value string }

// paramArrays are the four parallel C arrays that carry parameters.
type paramArrays struct{ names, nameLens, values, valueLens unsafe.Pointer }

func cParams(pin *runtime.Pinner, params []param) paramArrays {
	if len(params) == 0 {
		return paramArrays{}
	}
	texts := make([]unsafe.Pointer, 2*len(params))
	lens := make([]uintptr, 2*len(params))
	for i, p := range params {
		v := len(params) + i
		texts[i], lens[i] = cText(pin, p.name)
		texts[v], lens[v] = cText(pin, p.value)
	}
	pin.Pin(&texts[0])
	pin.Pin(&lens[0])
	return paramArrays{
		names: unsafe.Pointer(&texts[0]), nameLens: unsafe.Pointer(&lens[0]),
		values: unsafe.Pointer(&texts[len(params)]), valueLens: unsafe.Pointer(&lens[len(params)]),
	}
}
