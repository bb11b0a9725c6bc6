package explain

import (
	"bytes"
	"io"

	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/gradcam/render"
	"github.com/torchlight-go/torchlight/internal/atomicfile"
)

// pen is the memory that a picture is drawn and encoded in.
type pen struct {
	canvas  render.Canvas
	encoder render.PNGEncoder
	encoded bytes.Buffer
	heat    []float32
}

func (p *pen) encode(picture *preprocess.Image) error {
	p.encoded.Reset()
	return p.encoder.Encode(&p.encoded, picture)
}

// write writes the picture that was encoded last.
func (p *pen) write(path string) error {
	return atomicfile.Write(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(p.encoded.Bytes())
		return err
	})
}
