// Package render turns a finished map into a picture: colours, the overlay on
// the photo, the PNG. It knows neither networks nor methods; it gets values
// between 0 and 1 and draws them. What belongs here is everything between a
// map and the eye.
//
// The overlay has the size of the original photo, not that of the model's
// input: the map is placed back through the crop and the resize that
// preprocessing did (preprocess.Geometry), and sampled between its values, so
// that a 7x7 map on a photo of 12 megapixels has no steps.
//
//	out, err := render.Overlay(photo, heat, geometry, render.Torchlight{})
//	err = render.WritePNG("cat.overlay.png", out)
//
// A [Style] says how heat and photo mix. [Torchlight] is the default; two
// others repeat, pixel by pixel, what the Python libraries draw, for comparison:
// [PytorchGradCAM] and [TorchCAM].
//
// Maps are engine.Arrays of shape [H,W]. NaN, infinities and values outside
// 0..1 are errors: a picture would hide them.
package render
