// Package resample changes the size of float32 maps. It holds the few samplers
// that class activation maps are defined with, each equal to the library that
// made it the convention, and nothing about images or colours (uint8 photos are
// resized by package preprocess, with Pillow's antialiased filters).
//
//	[Bilinear]      half-pixel centres: cv2.resize, F.interpolate(mode="bilinear")
//	[AlignCorners]  end points on end points: F.interpolate(align_corners=True)
//	[Nearest]       floor(dst*in/out): F.interpolate(mode="nearest"), captum's default
//	[Affine]        bilinear at any scale and offset, for placing a map on a photo
//
// None of them smooths before shrinking. Maps are row-major, h rows of w values.
//
// Coordinates are computed in float64, weights and sums are float32, and no
// product is fused into a sum, so that every platform gives the same bits.
//
// A slice whose length differs from its stated size, or a size below 1, is a
// mistake of the calling code and panics with a message that starts with
// "resample:". Every function only writes dst, which must not overlap src.
package resample
