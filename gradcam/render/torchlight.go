package render

import "math"

// Torchlight is the default style: heat lights up on a faded photo like the
// beam of a torch.
//
// Opacity grows with heat, so a cold region shows what there is to see in it
// and the hottest one still lets the photo's texture through. The photo is
// faded towards grey because inferno's reds and yellows are the colours of cats,
// skin and sunlight: what is vivid is heat, and nothing else is. The zero value
// is ready for use.
type Torchlight struct {
	// Colormap gives the colours; inferno by default.
	Colormap Colormap
}

// opaque is the opacity of the hottest pixel.
const opaque = 0.8

// Name implements [Style].
func (Torchlight) Name() string { return "torchlight" }

// Blend implements [Style].
func (s Torchlight) Blend(dst, photo []uint8, heat []float32) {
	keep, add := s.levels()
	for _, v := range heat {
		l := level(v)
		k, a := keep[l], &add[l]
		p, d := (*[3]uint8)(photo), (*[3]uint8)(dst)
		photo, dst = photo[3:], dst[3:]
		r, g, b := faded(p[0], p[1], p[2])
		d[0] = uint8((r*k + a[0]) >> 16)
		d[1] = uint8((g*k + a[1]) >> 16)
		d[2] = uint8((b*k + a[2]) >> 16)
	}
}

// faded takes seven tenths of a colour's saturation away. The grey is the
// luma of ITU-R BT.601, which Pillow's mode L uses too.
func faded(r, g, b uint8) (fr, fg, fb uint32) {
	const colour, grey = 19661, 65536 - 19661 // 0.3 and 0.7 of 65536
	luma := (19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b)) >> 16
	base := grey*luma + 1<<15
	return (colour*uint32(r) + base) >> 16, (colour*uint32(g) + base) >> 16, (colour*uint32(b) + base) >> 16
}

// levels lists, for each of 256 levels of heat and in units of 1/65536, the
// share of the photo that stays and the colour that comes on top, rounding
// included.
func (s Torchlight) levels() (keep [256]uint32, add [256][3]uint32) {
	colors := s.Colormap.table()
	for l := range 256 {
		alpha := opaque * float64(l) / 255
		keep[l] = uint32(math.Round(65536 * (1 - alpha)))
		for c := range 3 {
			add[l][c] = (65536-keep[l])*uint32(colors[l][c]) + 1<<15
		}
	}
	return keep, add
}
