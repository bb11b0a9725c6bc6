package gradcam

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/engine"
)

func TestMaskingFits(t *testing.T) {
	ids := engine.Array{Shape: []int{1, 3}, Ints: []int64{1, 2, 3}}
	for _, c := range []struct {
		name                 string
		x                    engine.Array
		order                Order
		any, plane, features bool
	}{
		{"image", engine.NewArray(1, 3, 4, 4), ChannelsFirst, true, true, true},
		{"signal", engine.NewArray(1, 3, 9), ChannelsFirst, true, true, true},
		{"image, channels last", engine.NewArray(1, 4, 4, 3), ChannelsLast, true, false, false},
		{"volume", engine.NewArray(1, 3, 4, 4, 4), ChannelsFirst, true, false, false},
		{"table", engine.NewArray(1, 5), ChannelsFirst, true, false, true},
		{"table, channels last", engine.NewArray(1, 5), ChannelsLast, true, false, true},
		{"token numbers", ids, ChannelsFirst, false, false, false},
	} {
		assert.True(t, NoMasks.fit(c.x, c.order), c.name)
		assert.Equal(t, c.any, AnyMasks.fit(c.x, c.order), c.name)
		assert.Equal(t, c.plane, PlaneMasks.fit(c.x, c.order), c.name)
		assert.Equal(t, c.features, FeatureMasks.fit(c.x, c.order), c.name)
	}
	h, w, _ := planeOf(engine.NewArray(1, 3, 9), ChannelsFirst)
	assert.Equal(t, [2]int{1, 9}, [2]int{h, w}, "a signal has one row")
}

func TestMultiplyMasksEveryChannel(t *testing.T) {
	got := make([]float32, 6)
	multiply(got, []float32{1, 2, 3, 4, 5, 6}, []float32{0, 1, 2})
	assert.Equal(t, []float32{0, 2, 6, 0, 5, 12}, got)
}
