//go:build !torch_custom && !torch_pkgconfig

package cgo

// Where libtorch lies when nobody says otherwise. In a clone, make writes
// zlibtorch_flags.go; its name sorts before this file's, and the go command
// keeps the order of the files, so its folders are searched first. So are those
// of CGO_CXXFLAGS and CGO_LDFLAGS, which the go command puts before all of them.

/*
#cgo CXXFLAGS: -I/usr/local/libtorch/include -I/usr/local/libtorch/include/torch/csrc/api/include
#cgo CXXFLAGS: -I/opt/libtorch/include -I/opt/libtorch/include/torch/csrc/api/include
#cgo LDFLAGS: -L/usr/local/libtorch/lib -Wl,-rpath,/usr/local/libtorch/lib
#cgo LDFLAGS: -L/opt/libtorch/lib -Wl,-rpath,/opt/libtorch/lib
*/
import "C"
