package gradcam

import (
	"fmt"
	"math"

	"github.com/torchlight-go/torchlight/engine"
)

// Order says where an activation keeps its channels.
type Order int

const (
	// FindOrder finds the order by comparing the shape with the input's.
	FindOrder Order = iota
	// ChannelsFirst is [N, C], [N, C, L], [N, C, h, w] or [N, C, d, h, w].
	ChannelsFirst
	// ChannelsLast is [N, h, w, C] or [N, d, h, w, C], as in Swin.
	ChannelsLast
	// Tokens is [N, T, C], as in vision transformers: Prefix tokens that stand
	// for no place in the image, then a grid in row-major order.
	Tokens
)

func (o Order) String() string {
	return [...]string{"unknown", "channels first", "channels last", "tokens"}[o]
}

// maxPrefix bounds the search for tokens without a place: one of the class, one
// of distillation (DeiT), four registers (DINOv2), and some to come. They are few
// beside the grid, or any number of tokens could be read as some grid.
const maxPrefix = 8

// Layout says which axes of an activation are channels and which are space. The
// zero value stands for "find it by shape".
type Layout struct {
	Order Order
	// Prefix is the number of leading tokens without a place.
	Prefix int
	// Grid are the rows and columns of the tokens.
	Grid []int
}

// FindLayout tells the layout of an activation by its shape and the shape of
// the model's input, [N, C, H, W] or [N, C, D, H, W]: space must keep the
// input's proportions. Of [N, 56, 56, 96] and [N, 96, 56, 56], only one order
// makes a 224 x 224 image square. Channels first wins a tie. Behind an input of
// token ids [N, T], [N, T, C] has a place a token.
func FindLayout(shape, input []int) (Layout, error) {
	var space []int
	if len(input) > 2 {
		space = input[2:]
	}
	switch {
	case len(shape) == 3 && len(space) == 2:
		return tokenGrid(shape, space)
	case len(shape) == 3 && len(input) == 2 && shape[1] == input[1]:
		return Layout{Order: ChannelsLast}, nil // ids of tokens in, their embeddings out
	case len(shape) < 2 || len(shape) > 5:
		return Layout{}, fmt.Errorf("shape %v is no activation of channels and up to three spatial axes", shape)
	case len(shape) >= 4 && len(shape) == len(input):
		last := len(shape) - 1
		if distortion(shape[1:last], space) < distortion(shape[2:], space) {
			return Layout{Order: ChannelsLast}, nil
		}
	}
	return Layout{Order: ChannelsFirst}, nil
}

// distortion is how far space is from a shrunken copy of the input: the largest
// log-ratio between the axes' strides. Growing along an axis counts in full.
func distortion(space, input []int) float64 {
	low, high, grown := math.Inf(1), math.Inf(-1), 0.0
	for i, s := range space {
		stride := math.Log(float64(input[i]) / float64(max(s, 1)))
		low, high = min(low, stride), max(high, stride)
		grown = max(grown, -stride)
	}
	return high - low + grown
}

// tokenGrid finds the smallest prefix after which the tokens tile the input in
// equal square patches, or, if none does, the grid that distorts it least.
func tokenGrid(shape, space []int) (Layout, error) {
	tokens := shape[1]
	best, least := Layout{}, 0.2
	for prefix := 0; prefix <= maxPrefix && 4*prefix <= tokens-prefix; prefix++ {
		for h := 1; h <= tokens-prefix; h++ {
			if (tokens-prefix)%h != 0 {
				continue
			}
			grid := []int{h, (tokens - prefix) / h}
			if grid[0] > space[0] || grid[1] > space[1] {
				continue
			}
			found := Layout{Order: Tokens, Prefix: prefix, Grid: grid}
			if space[0]%grid[0] == 0 && space[1]%grid[1] == 0 && space[0]/grid[0] == space[1]/grid[1] {
				return found, nil
			}
			if d := distortion(grid, space); prefix <= 2 && d < least {
				best, least = found, d
			}
		}
	}
	if best.Order == FindOrder {
		return Layout{}, fmt.Errorf("shape %v: %d tokens make no grid over an input of %v: give the layout", shape, tokens, space)
	}
	return best, nil
}

// spatial are the extents of space in an activation of that shape.
func (l Layout) spatial(shape []int) []int {
	switch l.Order {
	case ChannelsLast:
		return shape[1 : len(shape)-1]
	case Tokens:
		return l.Grid
	default:
		if len(shape) == 2 {
			return []int{1, 1}
		}
		return shape[2:]
	}
}

// check reports a layout that cannot describe the shape.
func (l Layout) check(shape []int) error {
	var ok bool
	switch l.Order {
	case ChannelsFirst:
		ok = len(shape) >= 2 && len(shape) <= 5
	case ChannelsLast:
		ok = len(shape) >= 3 && len(shape) <= 5
	case Tokens:
		ok = len(shape) == 3 && len(l.Grid) > 0 && l.Prefix >= 0 && l.Prefix+engine.Size(l.Grid) == shape[1]
	default:
		ok = false
	}
	if !ok {
		return fmt.Errorf("shape %v does not fit the layout: %s, %d prefix tokens, grid %v", shape, l.Order, l.Prefix, l.Grid)
	}
	return nil
}

// resolve fills in a layout to be found and checks a given one.
func (l Layout) resolve(shape, input []int) (Layout, error) {
	if l.Order == FindOrder {
		return FindLayout(shape, input)
	}
	return l, l.check(shape)
}

// View looks at an activation or a gradient of that layout as channels and
// space.
func (l Layout) View(a engine.Array) (View, error) {
	if err := a.Check(); err != nil {
		return View{}, err
	}
	if a.Ints != nil {
		return View{}, fmt.Errorf("an array of integers, shape %v, has no gradient", a.Shape)
	}
	if err := l.check(a.Shape); err != nil {
		return View{}, err
	}
	v := View{N: a.Shape[0], Space: l.spatial(a.Shape)}
	if l.Order == ChannelsFirst {
		v.C, v.Data = a.Shape[1], a.Data
		return v, nil
	}
	v.C = a.Shape[len(a.Shape)-1]
	v.Data = make([]float32, v.N*v.C*v.Positions())
	for n := range v.N {
		// A sample's row holds the prefix, then C channels a position.
		channelsFirst(v.Sample(n), a.Row(n).Data[l.Prefix*v.C:], v.C)
	}
	return v, nil
}

// channelsFirst turns rows of c channels a position into channels of positions.
func channelsFirst(dst, src []float32, c int) {
	positions := len(dst) / c
	for i := range dst {
		dst[i] = src[i%positions*c+i/positions]
	}
}

// View is an activation or a gradient as [N, C, space...], whatever its layout
// was. It may share the memory of the array it was made of: read only.
type View struct {
	N, C  int
	Space []int
	Data  []float32
}

// Positions is the number of places in space.
func (v View) Positions() int { return engine.Size(v.Space) }

// Sample is sample n: C channels of Positions values.
func (v View) Sample(n int) []float32 {
	size := v.C * v.Positions()
	return v.Data[n*size : (n+1)*size]
}

// Channel is channel c of sample n.
func (v View) Channel(n, c int) []float32 {
	p := v.Positions()
	start := (n*v.C + c) * p
	return v.Data[start : start+p]
}
