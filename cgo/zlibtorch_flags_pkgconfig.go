//go:build torch_pkgconfig && !torch_custom

package cgo

// The flags come from a libtorch.pc on PKG_CONFIG_PATH. The go command does not
// see when its contents change: put the version of libtorch into CGO_CXXFLAGS
// (-DTORCHLIGHT_LIBTORCH_VERSION=2.11.0), so that another libtorch rebuilds.

// #cgo pkg-config: libtorch
import "C"
