package preprocess

// rowConverter turns one row of three full-size components into RGB. dst has 3
// bytes a pixel and gives the number of pixels.
type rowConverter func(dst, a, b, c []uint8)

// Constants of libjpeg's conversion (jdcolor.c): the matrix of JFIF in 16-bit
// fixed point.
const (
	crToR = 91881  // 1.40200
	cbToB = 116130 // 1.77200
	crToG = 46802  // 0.71414
	cbToG = 22554  // 0.34414
	half  = 1 << 15
)

// ycc converts YCbCr with libjpeg's integer arithmetic: red and blue round
// their chroma terms on their own, green rounds the sum of both.
func ycc(dst, ys, cbs, crs []uint8) {
	n := len(dst) / 3
	ys, cbs, crs = ys[:n], cbs[:n], crs[:n]
	for i := range n {
		y, cb, cr := int32(ys[i]), int32(cbs[i])-128, int32(crs[i])-128
		o := dst[3*i : 3*i+3 : 3*i+3]
		o[0] = clip(y + (crToR*cr+half)>>16)
		o[1] = clip(y + (half-cbToG*cb-crToG*cr)>>16)
		o[2] = clip(y + (cbToB*cb+half)>>16)
	}
}

// interleave is the conversion of a JPEG that stores RGB.
func interleave(dst, rs, gs, bs []uint8) {
	n := len(dst) / 3
	rs, gs, bs = rs[:n], gs[:n], bs[:n]
	for i := range n {
		o := dst[3*i : 3*i+3 : 3*i+3]
		o[0], o[1], o[2] = rs[i], gs[i], bs[i]
	}
}

// clip limits v to 0..255.
func clip(v int32) uint8 {
	if uint32(v) > 255 {
		return uint8(^(v >> 31)) // 0 below, 255 above
	}
	return uint8(v)
}
