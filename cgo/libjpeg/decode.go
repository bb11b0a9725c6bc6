//go:build libjpegturbo && cgo

package libjpeg

// #cgo LDFLAGS: -ljpeg
// #include "decode.h"
import "C"

import "unsafe"

// Available says that libjpeg-turbo was built in.
const Available = true

// DecodeRGB decodes a file of w x h pixels into out, 3 bytes a pixel, or refuses: a
// file that is not in order, of another size, or of four components. What is in out is
// then anything. C keeps neither slice.
func DecodeRGB(file []byte, w, h int, out []uint8) bool {
	if len(file) == 0 || w < 1 || h < 1 || len(out) != 3*w*h {
		return false
	}
	ok := C.tl_jpeg_rgb((*C.uchar)(unsafe.SliceData(file)), C.ulong(len(file)), C.uint(w), C.uint(h), (*C.uchar)(unsafe.SliceData(out)))
	return ok != 0
}
