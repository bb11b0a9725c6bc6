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
	var half [256]float32 // of a byte's brightness 0..1
	for v := range half {
		half[v] = 0.5 * (float32(v) / 255)
	}
	brightest := float32(0)
	for i, v := range heat {
		hot, p := &jetCVTable[uint8(255*v)], photo[3*i:3*i+3:3*i+3]
		brightest = max(brightest, half[hot[0]]+half[p[0]], half[hot[1]]+half[p[1]], half[hot[2]]+half[p[2]])
	}
	for i, v := range heat {
		hot, p, d := &jetCVTable[uint8(255*v)], photo[3*i:3*i+3:3*i+3], dst[3*i:3*i+3:3*i+3]
		d[0] = uint8(255 * ((half[hot[0]] + half[p[0]]) / brightest))
		d[1] = uint8(255 * ((half[hot[1]] + half[p[1]]) / brightest))
		d[2] = uint8(255 * ((half[hot[2]] + half[p[2]]) / brightest))
	}
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
		color := &jetMPLTable[min(uint32(v*v*256), 255)]
		for c := range 3 {
			p := 3*i + c
			dst[p] = uint8(float32(color[c]) + float32(alpha*float32(int(photo[p])-int(color[c]))))
		}
	}
}
