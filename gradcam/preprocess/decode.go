package preprocess

import (
	"fmt"
	"io"
)

// Default budgets of [Options].
const (
	// DefaultMaxPixels is Pillow's threshold for a "decompression bomb":
	// a quarter of a gibibyte as RGB.
	DefaultMaxPixels = 89478485
	// DefaultMaxBytes fits an uncompressed file of that many pixels.
	DefaultMaxBytes = 256 << 20
)

// Options say how to decode. The zero value is right for files from a disk one
// trusts; a service lowers the budgets.
type Options struct {
	// MaxPixels limits width times height, looked up in the header before
	// anything is decoded; 0 means [DefaultMaxPixels]. Decoding takes about 5
	// bytes a pixel for most files and up to 30 for a progressive CMYK JPEG.
	MaxPixels int
	// MaxBytes limits the size of the file; 0 means [DefaultMaxBytes].
	MaxBytes int64
	// Orient applies the EXIF orientation. The loaders of torchvision and
	// Pillow do not, so neither was what the network saw in training.
	Orient bool
	// JPEG, if not nil, is asked to decode each JPEG of w x h pixels into rgb, 3 bytes
	// a pixel. Where it returns false, whatever it has written, the decoder of this
	// package does, and says what is wrong.
	JPEG func(file []byte, w, h int, rgb []uint8) bool
}

// Config is what a header says about an image.
type Config struct {
	// Format is "PNG", "JPEG" or "GIF".
	Format string
	// W and H are the size as stored, in pixels, before any orientation.
	W, H int
	// Orientation is the EXIF orientation, 1 to 8, or 0 where there is none.
	Orientation int
}

// DecodeFile decodes the image in a file.
func DecodeFile(path string, o Options) (*Image, error) {
	return new(Reader).DecodeFile(path, o, nil)
}

// Decode decodes an image from a reader, of which it reads all.
func Decode(r io.Reader, o Options) (*Image, error) {
	m, err := decode(r, o)
	if err != nil {
		return nil, fmt.Errorf("preprocess: image: %w", err)
	}
	return m, nil
}

// DecodeBytes decodes an image from memory. It keeps no reference to b.
func DecodeBytes(b []byte, o Options) (*Image, error) {
	m, err := decodeBytes(b, o)
	if err != nil {
		return nil, fmt.Errorf("preprocess: image: %w", err)
	}
	return m, nil
}

// DecodeConfig reads the header of an image and checks it against the budgets.
func DecodeConfig(b []byte, o Options) (Config, error) {
	h, err := readHead(b, o)
	if err != nil {
		return Config{}, fmt.Errorf("preprocess: image: %w", err)
	}
	return h.Config, nil
}

func decode(r io.Reader, o Options) (*Image, error) {
	b, err := io.ReadAll(io.LimitReader(r, o.maxBytes()+1))
	if err != nil {
		return nil, err
	}
	return decodeBytes(b, o)
}

func decodeBytes(b []byte, o Options) (*Image, error) { return new(Reader).decodeBytes(b, o, nil) }

func (r *Reader) decodeBytes(b []byte, o Options, into *Image) (*Image, error) {
	h, err := readHead(b, o)
	if err != nil {
		return nil, err
	}
	r.jpeg = o.JPEG
	m, err := h.decode(r, into)
	if err != nil {
		return nil, err
	}
	if o.Orient {
		m = m.Orient(h.Orientation)
	}
	return m, nil
}

// head is a checked header, ready to decode what follows it.
type head struct {
	Config
	decode func(r *Reader, into *Image) (*Image, error)
}

// readHead recognises the format, reads its header and checks both budgets.
func readHead(b []byte, o Options) (head, error) {
	if limit := o.maxBytes(); int64(len(b)) > limit {
		return head{}, fmt.Errorf("%w: the file has more than %d; make it smaller or raise Options.MaxBytes",
			ErrTooManyBytes, limit)
	}
	f, err := sniff(b)
	if err != nil {
		return head{}, err
	}
	h, err := readHeadOf(f, b)
	if err != nil {
		return head{}, err
	}
	if h.W > o.maxPixels()/h.H {
		return head{}, fmt.Errorf("%w: %s of %dx%d has more than %d; make it smaller or raise Options.MaxPixels",
			ErrTooManyPixels, f, h.W, h.H, o.maxPixels())
	}
	return h, nil
}

// readHeadOf reads the header of one of the three formats that sniff lets pass.
func readHeadOf(f format, b []byte) (head, error) {
	switch f {
	case formatPNG:
		p, err := readPNGHead(b)
		return head{
			Config: Config{Format: string(f), W: p.w, H: p.h, Orientation: p.orientation},
			decode: func(*Reader, *Image) (*Image, error) { return decodePNG(b, p) },
		}, err
	case formatJPEG:
		j, err := readJPEGHead(b)
		return head{
			Config: Config{Format: string(f), W: j.w, H: j.h, Orientation: j.orientation},
			decode: func(r *Reader, into *Image) (*Image, error) { return r.decodeJPEG(b, j, into) },
		}, err
	default:
		g, err := readGIFHead(b)
		return head{
			Config: Config{Format: string(f), W: g.w, H: g.h},
			decode: func(*Reader, *Image) (*Image, error) { return decodeGIF(b, g) },
		}, err
	}
}

func (o Options) maxPixels() int {
	if o.MaxPixels > 0 {
		return o.MaxPixels
	}
	return DefaultMaxPixels
}

func (o Options) maxBytes() int64 {
	if o.MaxBytes > 0 {
		return o.MaxBytes
	}
	return DefaultMaxBytes
}
