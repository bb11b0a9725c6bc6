package gradcam

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

func TestFindLayout(t *testing.T) {
	image := []int{2, 3, 224, 224}
	for _, c := range []struct {
		name         string
		shape, input []int
		want         Layout
	}{
		{"ResNet layer4", []int{2, 512, 7, 7}, image, Layout{Order: ChannelsFirst}},
		{"Swin features.7", []int{2, 7, 7, 768}, image, Layout{Order: ChannelsLast}},
		{"Swin features.1", []int{2, 56, 56, 96}, image, Layout{Order: ChannelsLast}},
		{"as many channels as rows", []int{2, 56, 56, 56}, image, Layout{Order: ChannelsFirst}},
		{"after pooling", []int{2, 512, 1, 1}, image, Layout{Order: ChannelsFirst}},
		{"text recogniser", []int{1, 512, 1, 26}, []int{1, 1, 32, 100}, Layout{Order: ChannelsFirst}},
		{"not square", []int{1, 7, 11, 96}, []int{1, 3, 200, 333}, Layout{Order: ChannelsLast}},
		{"features of a table", []int{4, 128}, []int{4, 20}, Layout{Order: ChannelsFirst}},
		{"features behind pooling", []int{4, 128}, image, Layout{Order: ChannelsFirst}},
		{"signal", []int{1, 64, 500}, []int{1, 1, 16000}, Layout{Order: ChannelsFirst}},
		{"volume", []int{1, 64, 4, 14, 14}, []int{1, 1, 16, 112, 112}, Layout{Order: ChannelsFirst}},
		{"video transformer", []int{1, 8, 7, 7, 768}, []int{1, 3, 16, 224, 224}, Layout{Order: ChannelsLast}},
		{"ViT-B/16", []int{2, 197, 768}, image, Layout{Tokens, 1, []int{14, 14}}},
		{"ViT-B/32", []int{2, 50, 768}, image, Layout{Tokens, 1, []int{7, 7}}},
		{"DeiT, distilled", []int{2, 198, 192}, image, Layout{Tokens, 2, []int{14, 14}}},
		{"DINOv2 with registers", []int{2, 261, 384}, image, Layout{Tokens, 5, []int{16, 16}}},
		{"no class token", []int{2, 196, 768}, image, Layout{Tokens, 0, []int{14, 14}}},
		{"tokens, not square", []int{1, 241, 192}, []int{1, 3, 192, 320}, Layout{Tokens, 1, []int{12, 20}}},
		{"embedding of token ids", []int{2, 12, 64}, []int{2, 12}, Layout{Order: ChannelsLast}},
		{"overlapping patches", []int{1, 485, 192}, image, Layout{Tokens, 1, []int{22, 22}}},
	} {
		got, err := FindLayout(c.shape, c.input)
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, got, c.name)
	}
}

func TestFindLayoutErrors(t *testing.T) {
	for _, shape := range [][]int{{}, {3}, {2, 23, 768}, {1, 2, 3, 4, 5, 6}} {
		_, err := FindLayout(shape, []int{2, 3, 224, 224})
		assert.ErrorContains(t, err, "shape", "%v", shape)
	}
}

// Every layout's view is the same numbers, found by their multi-index.
func TestViews(t *testing.T) {
	for _, c := range []struct {
		layout Layout
		shape  []int
		space  []int
		at     func(n, c, y, x int) []int
	}{
		{Layout{Order: ChannelsFirst}, []int{2, 3, 2, 4}, []int{2, 4}, func(n, c, y, x int) []int { return []int{n, c, y, x} }},
		{Layout{Order: ChannelsLast}, []int{2, 2, 4, 3}, []int{2, 4}, func(n, c, y, x int) []int { return []int{n, y, x, c} }},
		{Layout{Tokens, 2, []int{2, 4}}, []int{2, 10, 3}, []int{2, 4}, func(n, c, y, x int) []int { return []int{n, 2 + y*4 + x, c} }},
	} {
		a := engine.NewArray(c.shape...)
		for i := range a.Data {
			a.Data[i] = float32(i)
		}
		v, err := c.layout.View(a)
		require.NoError(t, err)
		assert.Equal(t, 2, v.N)
		assert.Equal(t, 3, v.C)
		assert.Equal(t, c.space, v.Space)
		for n := range 2 {
			for ch := range 3 {
				for y := range 2 {
					for x := range 4 {
						i := 0
						for d, at := range c.at(n, ch, y, x) {
							i = i*c.shape[d] + at
						}
						assert.Equal(t, float32(i), v.Channel(n, ch)[y*4+x], "%s", c.layout.Order)
					}
				}
			}
		}
	}
}

func TestViewWithoutSpace(t *testing.T) {
	v, err := Layout{Order: ChannelsFirst}.View(engine.NewArray(2, 5))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 1}, v.Space)
	assert.Equal(t, 5, v.C)
}

func TestViewErrors(t *testing.T) {
	for _, c := range []struct {
		layout Layout
		a      engine.Array
		want   string
	}{
		{Layout{Tokens, 1, []int{14, 14}}, engine.NewArray(1, 196, 8), "does not fit the layout: tokens, 1 prefix tokens, grid [14 14]"},
		{Layout{Tokens, -1, []int{2, 2}}, engine.NewArray(1, 3, 8), "does not fit"},
		{Layout{Order: ChannelsLast}, engine.NewArray(1, 8), "does not fit the layout: channels last"},
		{Layout{}, engine.NewArray(1, 8), "does not fit"},
		{Layout{Order: ChannelsFirst}, engine.Array{Shape: []int{1, 2}, Ints: []int64{1, 2}}, "integers"},
		{Layout{Order: ChannelsFirst}, engine.Array{Shape: []int{1, 3}, Data: []float32{1}}, "wants 3 elements"},
	} {
		_, err := c.layout.View(c.a)
		assert.ErrorContains(t, err, c.want)
	}
}
