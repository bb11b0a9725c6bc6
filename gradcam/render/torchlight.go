package render

import "math"

// Torchlight is the default style: heat lights up on the photo like the beam of
// a torch. Opacity grows with heat, so that a cold region shows the photo as it
// is (what there is to see in it is the question) and the hottest one still
// lets the photo's texture through. The zero value is ready for use.
type Torchlight struct {
	// Colormap gives the colours; inferno by default.
	Colormap Colormap
}

// opaque is the opacity of the hottest pixel.
const opaque = 0.75

// Name implements [Style].
func (Torchlight) Name() string { return "torchlight" }

// Blend implements [Style].
func (s Torchlight) Blend(dst, photo []uint8, heat []float32) {
	keep, add := s.levels()
	for i, v := range heat {
		l := level(v)
		k, a := keep[l], &add[l]
		p, d := photo[3*i:3*i+3:3*i+3], dst[3*i:3*i+3:3*i+3]
		d[0] = uint8((uint32(p[0])*k + a[0]) >> 16)
		d[1] = uint8((uint32(p[1])*k + a[1]) >> 16)
		d[2] = uint8((uint32(p[2])*k + a[2]) >> 16)
	}
}

// opacity of heat 0..1. The smooth step keeps faint heat from veiling the
// photo and gives the hot spot an edge without a line.
func opacity(heat float64) float64 { return opaque * heat * heat * (3 - 2*heat) }

// levels lists, for each of 256 levels of heat and in units of 1/65536, the
// share of the photo that stays and the colour that comes on top, rounding
// included.
func (s Torchlight) levels() (keep [256]uint32, add [256][3]uint32) {
	colors := s.Colormap.table()
	for l := range 256 {
		alpha := opacity(float64(l) / 255)
		keep[l] = uint32(math.Round(65536 * (1 - alpha)))
		for c := range 3 {
			add[l][c] = (65536-keep[l])*uint32(colors[l][c]) + 1<<15
		}
	}
	return keep, add
}
