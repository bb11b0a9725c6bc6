package cgo

/*
#include "torchlight.h"
*/
import "C"

// Compilations counts the graphs that were compiled so far.
func Compilations() int { return int(C.tl_compilations()) }

// HostBytes is the host memory that tensors hold, and the most that they held since
// it was asked last.
func HostBytes() (live, most int64) {
	var l, m C.int64_t
	C.tl_host_bytes(&l, &m)
	return int64(l), int64(m)
}

// Metered runs f, which [Do] must have put on a thread of its own, and says how much
// more host memory tensors took meanwhile, at most and in the end.
func Metered(f func()) (most, left int64) {
	C.tl_meter_start()
	f()
	var m, l C.int64_t
	C.tl_meter_stop(&m, &l)
	return int64(m), int64(l)
}
