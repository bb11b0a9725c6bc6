package preprocess

import "errors"

// What can be wrong with an image. The errors of [Decode] and its relatives
// wrap one of these, so that a service can tell a client's mistake (a status of
// 4xx) from a broken disk. Their text names the fault and the fix.
var (
	// ErrEmpty is returned for an input of no bytes.
	ErrEmpty = errors.New("the file is empty")
	// ErrNotImage is returned for bytes that begin like no known image format.
	ErrNotImage = errors.New("not an image")
	// ErrUnsupported is returned for images of a format, or of a flavour of a
	// format, that is recognised but not decoded.
	ErrUnsupported = errors.New("unsupported image")
	// ErrTruncated is returned for an image that ends too early.
	ErrTruncated = errors.New("the image is truncated")
	// ErrCorrupt is returned for an image whose content contradicts itself.
	ErrCorrupt = errors.New("the image is corrupt")
	// ErrTooManyPixels is returned before decoding for an image whose header
	// announces more pixels than the budget.
	ErrTooManyPixels = errors.New("too many pixels")
	// ErrTooManyBytes is returned for a file larger than the byte budget.
	ErrTooManyBytes = errors.New("too many bytes")
	// ErrPipeline is returned for a [Pipeline] that describes no preprocessing.
	ErrPipeline = errors.New("invalid pipeline")
)
