package preprocess

import (
	"bytes"
	"fmt"
)

// format names what the first bytes say a file is.
type format string

const (
	formatPNG  format = "PNG"
	formatJPEG format = "JPEG"
	formatGIF  format = "GIF"
)

// signatures of the formats that are decoded, and of those that people try:
// naming them makes the refusal useful. "?" stands for any byte.
func signatures() []struct {
	magic string
	name  format
} {
	return []struct {
		magic string
		name  format
	}{
		{"\x89PNG\r\n\x1a\n", formatPNG},
		{"\xff\xd8\xff", formatJPEG},
		{"GIF87a", formatGIF},
		{"GIF89a", formatGIF},
		{"RIFF????WEBP", "WebP"},
		{"BM????\x00\x00\x00\x00", "BMP"},
		{"II*\x00", "TIFF"},
		{"MM\x00*", "TIFF"},
		{"II+\x00", "BigTIFF"},
		{"MM\x00+", "BigTIFF"},
		{"????ftypavif", "AVIF"},
		{"????ftypavis", "AVIF"},
		{"????ftyphei", "HEIC"},
		{"????ftyphev", "HEIC"},
		{"????ftypmif1", "HEIF"},
		{"????ftypmsf1", "HEIF"},
		{"????ftyp", "MP4 video"},
		{"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"},
		{"\xff\x0a", "JPEG XL"},
		{"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"},
		{"\xff\x4f\xff\x51", "JPEG 2000"},
		{"8BPS", "Photoshop"},
		{"%PDF-", "PDF"},
		{"\x00\x00\x01\x00", "ICO"},
		{"<svg", "SVG"},
		{"\x93NUMPY", "NumPy"},
	}
}

// matches compares the beginning of b with a signature.
func matches(b []byte, magic string) bool {
	if len(b) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != b[i] {
			return false
		}
	}
	return true
}

// sniff recognises the format and refuses what is not decoded.
func sniff(b []byte) (format, error) {
	if len(b) == 0 {
		return "", ErrEmpty
	}
	for _, s := range signatures() {
		if !matches(b, s.magic) {
			continue
		}
		switch s.name {
		case formatPNG, formatJPEG, formatGIF:
			return s.name, nil
		}
		return "", fmt.Errorf("%w: %s is not decoded; convert it to PNG or JPEG", ErrUnsupported, s.name)
	}
	for _, s := range signatures()[:4] { // what is left of a decodable one
		if bytes.HasPrefix([]byte(s.magic), b) {
			return "", fmt.Errorf("%s of %d bytes: %w", s.name, len(b), ErrTruncated)
		}
	}
	return "", fmt.Errorf("%w: it begins with %q; give a PNG or JPEG", ErrNotImage, b[:min(len(b), 8)])
}
