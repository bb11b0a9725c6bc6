package preprocess

import "image"

// cmykRGB converts the four stored components of a JPEG the way libjpeg and
// Pillow do together: YCCK becomes CMYK, every value is inverted (Adobe's
// convention, which Pillow assumes of all files), and ink is taken off white.
//
// image/jpeg has inverted all components and repeated subsampled chroma, so the
// stored planes are read back out of its result.
func cmykRGB(m *image.CMYK, head jpegHead) *Image {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	f := head.chroma
	p := planes{
		w: w, h: h, hs: f, vs: f, yStride: w, cStride: (w + f - 1) / f,
		y: cmykPlane(m, 0, 1), cb: cmykPlane(m, 1, f), cr: cmykPlane(m, 2, f),
	}
	convert := interleave
	if head.space == spaceYCCK {
		convert = ycckCMY
	}
	rgb := new(chroma).rgb(p, nil, convert) // stored C, M and Y: 255 means no ink
	for i, j := 0, 3; i < len(rgb.Pix); i, j = i+3, j+4 {
		white := int32(255 - m.Pix[j]) // the stored K
		o := rgb.Pix[i : i+3 : i+3]
		o[0] = lessInk(white, 255-int32(o[0]))
		o[1] = lessInk(white, 255-int32(o[1]))
		o[2] = lessInk(white, 255-int32(o[2]))
	}
	return rgb
}

// cmykPlane reads one component, taking every f-th sample in both directions.
func cmykPlane(m *image.CMYK, component, f int) []uint8 {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := make([]uint8, 0, ((w+f-1)/f)*((h+f-1)/f))
	for y := 0; y < h; y += f {
		row := m.Pix[y*m.Stride+component : y*m.Stride+4*w]
		for x := 0; x < len(row); x += 4 * f {
			out = append(out, 255-row[x])
		}
	}
	return out
}

// ycckCMY is libjpeg's YCCK to CMYK: YCC to RGB, inverted.
func ycckCMY(dst, ys, cbs, crs []uint8) {
	ycc(dst, ys, cbs, crs)
	for i, v := range dst {
		dst[i] = 255 - v
	}
}

// lessInk is Pillow's conversion of one ink: white - ink*white/255, rounded.
func lessInk(white, ink int32) uint8 {
	t := ink*white + 128
	return clip(white - (t+t>>8)>>8)
}
