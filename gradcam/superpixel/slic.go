package superpixel

import (
	"fmt"
	"math"
	"slices"
)

// Options of [SLIC]. The zero value has the defaults.
type Options struct {
	// Segments is about how many superpixels are wanted; 0 is 50.
	Segments int `default:"50" about:"superpixels wanted, about"`
	// Compactness weighs nearness against colour, whose range over the image is
	// 0..100 as that of lightness in the paper; 0 is the paper's 10. More makes
	// squares of the pieces.
	Compactness float64 `default:"10" about:"nearness against colour: more makes squares of the superpixels"`
	// Iterations of clustering; 0 is the paper's 10.
	Iterations int `default:"10" about:"rounds of clustering"`
}

// SLIC cuts an image of c channels, h rows and w columns, [c, h, w], into
// superpixels: k-means over colour and place, each centre looking only as far as
// twice the grid's step (Achanta et al. 2012, doi:10.1109/TPAMI.2012.120). It
// returns a label a pixel, [h, w], numbered from 0 in the order of their first
// pixels. Every superpixel is connected: pieces smaller than a quarter of the
// usual size join a neighbour. The paper measures colour in CIELAB; here the
// channels are as the network sees them. The same image gives the same labels.
func SLIC(pixels []float32, c, h, w int, o Options) ([]int, error) {
	if c < 1 || h < 1 || w < 1 || len(pixels) != c*h*w {
		return nil, fmt.Errorf("superpixel: an image of %d values is not [%d %d %d]", len(pixels), c, h, w)
	}
	if o.Segments < 0 || o.Compactness < 0 || o.Iterations < 0 {
		return nil, fmt.Errorf("superpixel: %+v: give numbers above 0", o)
	}
	if o.Segments == 0 {
		o.Segments = 50
	}
	if o.Compactness == 0 {
		o.Compactness = 10
	}
	if o.Iterations == 0 {
		o.Iterations = 10
	}
	s := newClustering(pixels, c, h, w, o)
	for range o.Iterations {
		s.assign()
		s.update()
	}
	return connect(s.label, h, w, int(s.step*s.step/4)), nil
}

// clustering is k-means on its way.
type clustering struct {
	c, h, w int
	colour  []float64 // [h*w, c], 0..100
	step    float64   // of the grid of centres
	// pull is the weight of a squared distance in the plane, (m/S)^2.
	pull    float64
	centres []centre
	label   []int
	nearest []float64
}

type centre struct {
	y, x   float64
	colour []float64
}

func newClustering(pixels []float32, c, h, w int, o Options) *clustering {
	s := &clustering{c: c, h: h, w: w, colour: make([]float64, c*h*w), label: make([]int, h*w), nearest: make([]float64, h*w)}
	low, high := slices.Min(pixels), slices.Max(pixels)
	scale := 0.0
	if high > low {
		scale = 100 / float64(high-low)
	}
	for i, v := range pixels {
		s.colour[i%(h*w)*c+i/(h*w)] = float64(v-low) * scale
	}
	s.step = math.Max(1, math.Sqrt(float64(h*w)/float64(o.Segments)))
	s.pull = o.Compactness / s.step * (o.Compactness / s.step)
	s.place()
	return s
}

// place puts the centres on a grid, each at the flattest of the nine pixels
// around, off edges and noise.
func (s *clustering) place() {
	rows, cols := max(1, int(float64(s.h)/s.step+0.5)), max(1, int(float64(s.w)/s.step+0.5))
	for r := range rows {
		for q := range cols {
			y, x := (2*r+1)*s.h/(2*rows), (2*q+1)*s.w/(2*cols)
			bestY, bestX, least := y, x, math.Inf(1)
			for ny := max(y-1, 0); ny <= min(y+1, s.h-1); ny++ {
				for nx := max(x-1, 0); nx <= min(x+1, s.w-1); nx++ {
					if g := s.slope(ny, nx); g < least {
						bestY, bestX, least = ny, nx, g
					}
				}
			}
			s.centres = append(s.centres, centre{float64(bestY), float64(bestX), append([]float64(nil), s.at(bestY, bestX)...)})
		}
	}
}

func (s *clustering) at(y, x int) []float64 {
	i := (y*s.w + x) * s.c
	return s.colour[i : i+s.c]
}

// slope is the squared gradient of the colour, the border repeated.
func (s *clustering) slope(y, x int) float64 {
	return apart(s.at(y, max(x-1, 0)), s.at(y, min(x+1, s.w-1))) + apart(s.at(max(y-1, 0), x), s.at(min(y+1, s.h-1), x))
}

// apart is the squared distance of two colours.
func apart(a, b []float64) float64 {
	d := 0.0
	for i, v := range a {
		d += (v - b[i]) * (v - b[i])
	}
	return d
}

// assign gives every pixel to the nearest centre within reach. Of equal ones the
// first wins.
func (s *clustering) assign() {
	for i := range s.nearest {
		s.nearest[i], s.label[i] = math.Inf(1), 0
	}
	for k, m := range s.centres {
		for y := max(0, int(m.y-s.step)); y <= min(s.h-1, int(m.y+s.step)); y++ {
			for x := max(0, int(m.x-s.step)); x <= min(s.w-1, int(m.x+s.step)); x++ {
				dy, dx := float64(y)-m.y, float64(x)-m.x
				d := apart(s.at(y, x), m.colour) + (dy*dy+dx*dx)*s.pull
				if i := y*s.w + x; d < s.nearest[i] {
					s.nearest[i], s.label[i] = d, k
				}
			}
		}
	}
}

// update moves every centre to the mean of its pixels.
func (s *clustering) update() {
	count := make([]float64, len(s.centres))
	sums := make([]centre, len(s.centres))
	for k := range sums {
		sums[k].colour = make([]float64, s.c)
	}
	for i, k := range s.label {
		count[k]++
		sums[k].y += float64(i / s.w)
		sums[k].x += float64(i % s.w)
		for j, v := range s.at(i/s.w, i%s.w) {
			sums[k].colour[j] += v
		}
	}
	for k, n := range count {
		if n == 0 {
			continue // it stays where it is
		}
		sums[k].y /= n
		sums[k].x /= n
		for j := range sums[k].colour {
			sums[k].colour[j] /= n
		}
		s.centres[k] = sums[k]
	}
}
