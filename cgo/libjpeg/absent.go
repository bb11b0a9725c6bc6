//go:build !libjpegturbo || !cgo

package libjpeg

// Available says that libjpeg-turbo was built in.
const Available = false

// DecodeRGB decodes nothing.
func DecodeRGB([]byte, int, int, []uint8) bool { return false }
