package render

// PytorchGradCAM is show_cam_on_image of the Python library pytorch-grad-cam
// 1.5 (use_rgb=True, image_weight 0.5), equal in every pixel: OpenCV's jet over
// the whole of what the model saw, the sum scaled so that its largest channel
// is white.
type PytorchGradCAM struct{}

// Name implements [Style].
func (PytorchGradCAM) Name() string { return "pytorch-grad-cam" }

// Blend implements [Style]. The arithmetic is float32 in numpy's order, and the
// conversions to bytes truncate, because the peer's do.
func (PytorchGradCAM) Blend(dst, photo []uint8, heat []float32) {
	brightest := float32(0)
	for i, v := range heat {
		sum := mixed(photo[3*i:3*i+3], v)
		brightest = max(brightest, sum[0], sum[1], sum[2])
	}
	for i, v := range heat {
		for c, s := range mixed(photo[3*i:3*i+3], v) {
			dst[3*i+c] = uint8(255 * (s / brightest))
		}
	}
}

// mixed is half the heat's colour and half the photo's, each 0..1.
func mixed(photo []uint8, heat float32) (sum [3]float32) {
	color := jetCVTable[uint8(255*heat)]
	for c := range sum {
		sum[c] = 0.5*(float32(color[c])/255) + 0.5*(float32(photo[c])/255)
	}
	return sum
}

// TorchCAM is overlay_mask of the Python library torch-cam 0.5 (matplotlib's
// jet, alpha 0.7), equal in every pixel for a map that has the photo's size;
// smaller ones the peer enlarges with Pillow's bicubic filter, which overshoots,
// and this style linearly like every other.
type TorchCAM struct{}

// Name implements [Style].
func (TorchCAM) Name() string { return "torch-cam" }

// Blend implements [Style]: the peer squares the heat, and Pillow's blend
// computes in float32 and truncates.
func (TorchCAM) Blend(dst, photo []uint8, heat []float32) {
	const alpha = float32(0.7)
	for i, v := range heat {
		color := jetMPLTable[min(int(v*v*256), 255)]
		for c := range 3 {
			p := 3*i + c
			dst[p] = uint8(float32(color[c]) + float32(alpha*float32(int(photo[p])-int(color[c]))))
		}
	}
}
