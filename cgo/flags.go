package cgo

// The flags that every build needs, wherever libtorch lies. Where it lies is
// said by exactly one of the zlibtorch_flags*.go files beside this one:
//
//	zlibtorch_flags.go            written by make (git-ignored); comes first
//	zlibtorch_flags_default.go    /usr/local/libtorch, /opt/libtorch
//	zlibtorch_flags_pkgconfig.go  -tags torch_pkgconfig: libtorch.pc
//	(none)                        -tags torch_custom: CGO_CXXFLAGS, CGO_LDFLAGS
//
// The warning switched off is GCC 12's, about atomics deep inside libtorch's
// headers, and wrong; other compilers do not know it.
//
// Only libtorch_cpu and libc10 are linked: libtorch itself is an empty library
// that the linker may drop, and libtorch_cuda is loaded on demand, so that one
// binary serves machines with and without CUDA.
//
// The C++ here only arranges what libtorch then computes; it is compiled
// without debug information, which libtorch's headers would make large.

/*
#cgo CXXFLAGS: -std=c++20 -g0 -Wno-unknown-warning-option -Wno-stringop-overflow
#cgo LDFLAGS: -ltorch_cpu -lc10
*/
import "C"
