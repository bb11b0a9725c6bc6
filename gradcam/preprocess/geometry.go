package preprocess

// Geometry says how the pixels a model saw lie on the photo they came from:
// the photo was resized as a whole, then a rectangle was cut out. All values
// are in pixels; X grows to the right and Y downwards.
//
// The crop may reach outside the resized photo, where the model saw black:
// then CropX or CropY is negative, or the crop ends beyond ResizedW or
// ResizedH.
type Geometry struct {
	// OriginalW and OriginalH are the photo's size as decoded, after its EXIF
	// orientation if that was applied.
	OriginalW, OriginalH int
	// ResizedW and ResizedH are its size after the resize.
	ResizedW, ResizedH int
	// CropX and CropY are the crop's corner within the resized photo; CropW and
	// CropH its size, which is the size of the model's input.
	CropX, CropY, CropW, CropH int
}

// ToOriginal maps a point of the model's input to the photo. Coordinates are
// continuous: 0 is the left (upper) edge of the first pixel, and pixel i covers
// i to i+1.
func (g Geometry) ToOriginal(x, y float64) (ox, oy float64) {
	ox = (x + float64(g.CropX)) * float64(g.OriginalW) / float64(g.ResizedW)
	oy = (y + float64(g.CropY)) * float64(g.OriginalH) / float64(g.ResizedH)
	return ox, oy
}

// FromOriginal is the inverse of [Geometry.ToOriginal].
func (g Geometry) FromOriginal(ox, oy float64) (x, y float64) {
	x = ox*float64(g.ResizedW)/float64(g.OriginalW) - float64(g.CropX)
	y = oy*float64(g.ResizedH)/float64(g.OriginalH) - float64(g.CropY)
	return x, y
}
