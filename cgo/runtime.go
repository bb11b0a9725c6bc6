package cgo

/*
#include "torchlight.h"
*/
import "C"

// RuntimeInfo is a JSON document about libtorch itself, see torchlight.h.
func RuntimeInfo() (string, error) {
	var t *C.tl_text
	e := C.tl_runtime_info(&t)
	return text(t, e)
}

// UseCUDA loads libtorch_cuda. It must be the first use of libtorch.
func UseCUDA() error { return take(C.tl_use_cuda()) }

// CUDADeviceCount is 0 unless UseCUDA succeeded.
func CUDADeviceCount() (int, error) {
	var n C.int32_t
	err := take(C.tl_cuda_device_count(&n))
	return int(n), err
}

// SetNumThreads sets the intra-op threads of every later call.
func SetNumThreads(n int) error {
	defer pool.refresh()
	return take(C.tl_set_num_threads(C.int32_t(n)))
}

// NumThreads is the number of intra-op threads.
func NumThreads() int {
	return int(C.tl_num_threads())
}

// LoadOps loads a library of custom operators.
func LoadOps(path string) error {
	p, free := cstring(path)
	defer free()
	return take(C.tl_load_ops(p))
}

// Live counts the handles alive.
type Live struct{ Tensors, Lists, Modules, Plans, Passes, Errors int }

// LiveCounts reads the counters.
func LiveCounts() Live {
	var l C.tl_live
	C.tl_live_counts(&l)
	return Live{int(l.tensors), int(l.lists), int(l.modules), int(l.plans), int(l.passes), int(l.errors)}
}
