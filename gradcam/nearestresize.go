package gradcam

import "github.com/torchlight-go/torchlight/engine"

// nearestRule finds the place of a source axis that a place of the resized axis
// is copied from.
type nearestRule func(place, from, to int) int

// centred takes the source place under the centre of the new one, as Pillow and
// F.interpolate(mode="nearest-exact") do.
func centred(place, from, to int) int { return (2*place + 1) * from / (2 * to) }

// floored takes floor(place * from / to), the ratio rounded to float32, as
// F.interpolate(mode="nearest") does: enlarged maps lean towards their beginning by
// half a place.
func floored(place, from, to int) int {
	return min(int(float32(place)*(float32(from)/float32(to))), from-1)
}

// nearestResize copies a map of up to three spatial axes to other extents.
func nearestResize(m []float32, from, to []int, rule nearestRule) []float32 {
	f, t := volume(from), volume(to)
	out := make([]float32, 0, engine.Size(to))
	for z := range t[0] {
		slice := rule(z, f[0], t[0]) * f[1]
		for y := range t[1] {
			row := m[(slice+rule(y, f[1], t[1]))*f[2]:]
			for x := range t[2] {
				out = append(out, row[rule(x, f[2], t[2])])
			}
		}
	}
	return out
}
