package preprocess

import (
	"fmt"
	"image"

	"github.com/torchlight-go/torchlight/engine"
)

// Input is one photo as the network wants it.
type Input struct {
	// Data is the tensor, row-major (C, H, W).
	Data    []float32
	C, H, W int
	// Geometry leads from the tensor's pixels back to the photo's.
	Geometry Geometry
}

// Array is the tensor as a batch of one, of shape [1, C, H, W]. It shares Data.
func (in Input) Array() engine.Array {
	return engine.Array{Shape: []int{1, in.C, in.H, in.W}, Data: in.Data}
}

// Stack copies several photos of one size into a batch of shape [N, C, H, W].
func Stack(inputs ...Input) (engine.Array, error) {
	if len(inputs) == 0 {
		return engine.Array{}, fmt.Errorf("preprocess: no inputs to stack: %w", ErrEmpty)
	}
	first := inputs[0]
	out := engine.NewArray(len(inputs), first.C, first.H, first.W)
	for i, in := range inputs {
		if in.C != first.C || in.H != first.H || in.W != first.W {
			return engine.Array{}, fmt.Errorf("preprocess: %w: input %d is %dx%dx%d, input 0 %dx%dx%d; give the pipeline a Crop",
				ErrPipeline, i, in.C, in.H, in.W, first.C, first.H, first.W)
		}
		copy(out.Data[i*len(first.Data):], in.Data)
	}
	return out, nil
}

// Apply runs the pipeline on a photo.
func (p Pipeline) Apply(m *Image) (Input, error) { return p.apply(new(scratch), m, nil) }

func (p Pipeline) apply(s *scratch, m *Image, into []float32) (Input, error) {
	if err := m.check(); err != nil {
		return Input{}, err
	}
	g, err := p.Geometry(m.W, m.H)
	if err != nil {
		return Input{}, err
	}
	pixels := p.pixels(s, m, g)
	in := Input{C: p.channels(), H: g.CropH, W: g.CropW, Geometry: g}
	in.Data = p.normalise(pixels, into)
	return in, nil
}

// pixels is the model's input in 8 bits: resized and cropped.
func (p Pipeline) pixels(s *scratch, m *Image, g Geometry) raster {
	src := raster{m.W, m.H, 3, m.Pix}
	if p.channels() == 1 {
		src = m.grey(s.grey)
		s.grey = src.pix
	}
	part := g.crop().Intersect(image.Rect(0, 0, g.ResizedW, g.ResizedH))
	var seen raster
	if p.Kind == Tensor {
		seen = resizeTensor(src, g.ResizedW, g.ResizedH, part, p.interpolation())
	} else {
		seen = s.resizePIL(src, g.ResizedW, g.ResizedH, part, p.interpolation())
	}
	return seen.crop(g.crop().Sub(part.Min))
}

// normalise makes planes of floats of interleaved bytes.
func (p Pipeline) normalise(r raster, into []float32) []float32 {
	n := r.w * r.h
	out := sized(into, r.channels*n)
	for c := range r.channels {
		table := p.levels(c)
		plane := out[c*n : (c+1)*n]
		for i, j := 0, c; i < n; i, j = i+1, j+r.channels {
			plane[i] = table[r.pix[j]]
		}
	}
	return out
}

// levels tabulates the value of each of the 256 levels, computed in single
// precision step by step as ToTensor and Normalize do.
func (p Pipeline) levels(channel int) *[256]float32 {
	var table [256]float32
	low, high := p.Range[0], p.Range[1]
	for i := range table {
		v := float32(i) / 255
		if low != 0 || high != 0 && high != 1 {
			v = float32(low + (high-low)*float64(i)/255)
		}
		if len(p.Mean) != 0 {
			v -= float32(p.Mean[channel])
		}
		if len(p.Std) != 0 {
			v /= float32(p.Std[channel])
		}
		table[i] = v
	}
	return &table
}
