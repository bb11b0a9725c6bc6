package explain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/npy"
)

// source is one input, read.
type source struct {
	file  string
	array engine.Array // [N, ...]
	// photo and geometry are those of an image; photo is nil for an array.
	photo              *preprocess.Image
	geometry           preprocess.Geometry
	decode, preprocess time.Duration
	err                error
	room               *room // of the photo and its tensor
}

// room is the memory of a photo, from when it is read to when its results are written.
type room struct {
	photo  preprocess.Image
	tensor []float32
}

// recycle gives the memory of an input back, when nothing of it is needed any more.
func (s *Session) recycle(src *source) {
	if src.room == nil {
		return
	}
	if !src.large() {
		s.rooms.give(src.room)
	}
	src.room, src.photo, src.array.Data = nil, nil, nil
}

// large says that the memory of this photo is not kept for others, which are rarely
// as large: 11 megapixels and more.
func (src *source) large() bool { return src.photo != nil && len(src.photo.Pix) > 32<<20 }

// samples is the number of rows.
func (src *source) samples() int { return src.array.Shape[0] }

// readAhead reads files ahead of who takes them, one for each core and one more, and
// hands them on in their order. It ends early when ctx does.
func (s *Session) readAhead(ctx context.Context, files []string) <-chan <-chan *source {
	queue := make(chan (<-chan *source), s.config.Workers)
	go func() {
		defer close(queue)
		for _, f := range files {
			one := make(chan *source, 1)
			select {
			case queue <- one:
			case <-ctx.Done():
				return
			}
			go func() { one <- s.read(ctx, f) }()
		}
	}()
	return queue
}

func (s *Session) read(ctx context.Context, file string) *source {
	src := &source{file: file}
	if isArray(file) {
		s.cores.take()
		src.err = src.readArray()
		s.cores.give()
	} else {
		src.err = s.readPhoto(ctx, src)
	}
	return src
}

func (src *source) readArray() error {
	start := time.Now()
	var err error
	src.array, err = npy.ReadFile(src.file)
	src.decode = time.Since(start)
	if err != nil {
		return withRemedy(src.file, err)
	}
	if len(src.array.Shape) < 2 || src.array.Len() == 0 {
		return fmt.Errorf("an array of shape %v is no batch; save it as (N,C,H,W)", src.array.Shape)
	}
	return nil
}

// asStored names the type of an array of integers in an error about it: the engine
// knows int64 only.
func (src *source) asStored(err error) error {
	if src.array.Ints == nil {
		return err
	}
	if t, unread := npy.TypeOf(src.file); unread == nil && t != "int64" {
		return fmt.Errorf("%w (the file holds %s, which is read as int64)", err, t)
	}
	return err
}

func (s *Session) readPhoto(ctx context.Context, src *source) error {
	if err := s.decodePhoto(src); err != nil {
		return withRemedy(src.file, err)
	}
	select {
	case <-s.settled:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.cores.take()
	defer s.cores.give()
	r := s.readers.take()
	defer s.readers.give(r)
	start := time.Now()
	in, err := r.Apply(s.pipeline, src.photo, src.room.tensor)
	if err != nil {
		return err
	}
	src.room.tensor = in.Data
	src.array, src.geometry, src.preprocess = in.Array(), in.Geometry, time.Since(start)
	return nil
}

func (s *Session) decodePhoto(src *source) error {
	s.cores.take()
	defer s.cores.give()
	r := s.readers.take()
	defer s.readers.give(r)
	src.room = s.rooms.take()
	start := time.Now()
	photo, err := r.DecodeFile(src.file, preprocess.Options{Orient: s.config.Orient, JPEG: s.config.JPEG}, &src.room.photo)
	src.decode = time.Since(start)
	if err != nil {
		return err
	}
	if photo != &src.room.photo { // not of a JPEG, or turned
		src.room.photo = *photo
	}
	src.photo = &src.room.photo
	return nil
}

// withRemedy says what to do about a photo that cannot be read, where the error
// does not.
func withRemedy(file string, err error) error {
	for kind, remedy := range map[error]string{
		fs.ErrNotExist:          "check the path",
		preprocess.ErrEmpty:     "copy it again",
		preprocess.ErrTruncated: "copy it again",
		preprocess.ErrCorrupt:   "copy it again, or save it anew",
	} {
		if errors.Is(err, kind) {
			return fmt.Errorf("%w; %s", err, remedy)
		}
	}
	if errors.Is(err, preprocess.ErrNotImage) && strings.Contains(file, ".np") {
		return fmt.Errorf("%w; an array is saved as .npy", err)
	}
	return err
}
