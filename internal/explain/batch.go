package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
)

// work is an input on its way: its samples go through the model in one batch or
// several, with those of other inputs or without.
type work struct {
	*source
	explained []explained // one a method
	left      int         // samples that are still to be explained
}

// explained is what one method found out about the samples of an input.
type explained struct {
	results []gradcam.Result
	saved   []saved
}

func newWork(src *source, methods int) *work {
	w := &work{source: src}
	if src.err == nil {
		w.left = src.samples()
		for range methods {
			w.explained = append(w.explained, explained{make([]gradcam.Result, w.left), make([]saved, w.left)})
		}
	}
	return w
}

// done says that the input is explained, or has failed.
func (w *work) done() bool { return w.left == 0 || w.err != nil }

// row is one sample of an input.
type row struct {
	work  *work
	index int
}

func (r row) array() engine.Array { return r.work.array.Row(r.index) }

// accept takes sample i of the batch that was explained last, by every method.
func (r row) accept(all [][]gradcam.Result, i int, ways []*way) {
	for m, results := range all {
		results[i].Sample = r.index
		e := r.work.explained[m]
		e.results[r.index], e.saved[r.index] = results[i], ways[m].recorder.row(i)
	}
	r.work.left--
}

// fail gives up the whole input. The sample is named where there are several.
func (r row) fail(err error) {
	if r.work.samples() > 1 {
		err = fmt.Errorf("sample %d: %w", r.index, withFix(err))
	}
	r.work.err = r.work.asStored(withFix(err))
}

// withFix drops the number of the sample within its batch, which nobody knows, and
// says what to do where the error does not.
func withFix(err error) error {
	var sample *gradcam.SampleError
	if !errors.As(err, &sample) {
		return err
	}
	if errors.Is(err, gradcam.ErrNotFinite) {
		return fmt.Errorf("%w; look at the input, its preprocessing and the checkpoint", sample.Err)
	}
	return sample.Err
}

// hopeless says that no other input would fare better.
func (s *Session) hopeless(err error) bool {
	var sample *gradcam.SampleError
	if errors.As(err, &sample) {
		return false
	}
	return errors.Is(err, gradcam.ErrOutput) || errors.Is(err, gradcam.ErrNoLayer) || errors.Is(err, gradcam.ErrMethod) || s.config.Hopeless != nil && s.config.Hopeless(err)
}

// aboutModel names the model in an error that is about it, not about an input.
func (s *Session) aboutModel(err error) error {
	if strings.Contains(err.Error(), s.config.Model) {
		return err
	}
	return fmt.Errorf("%s: %w", s.config.Model, err)
}

// fits says whether sample b may run in a batch with sample a.
func (s *Session) fits(a, b row) bool {
	if s.config.Batch == 0 && a.work != b.work {
		return false
	}
	return (a.work.array.Ints == nil) == (b.work.array.Ints == nil) && slices.Equal(a.work.array.Shape[1:], b.work.array.Shape[1:])
}

// limit is the size of a batch that begins with a.
func (s *Session) limit(a row) int {
	if s.alone {
		return 1
	}
	return s.config.batch(a.work.photo != nil)
}

// explain runs one batch. Samples that are to blame for an error are left out and
// the others run again; where nobody is to blame, each runs alone. The error is
// that of a run that cannot go on.
func (s *Session) explain(ctx context.Context, rows []row) error {
	for {
		rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.work.err != nil })
		if len(rows) == 0 {
			return nil
		}
		all, err := s.explainer.ExplainAll(ctx, s.with.beside(stack(rows)), s.target)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var sample *gradcam.SampleError
		switch {
		case err == nil:
			for i, r := range rows {
				r.accept(all, i, s.ways)
			}
			return nil
		case errors.Is(err, gradcam.ErrOption):
			return misuse{err}
		case s.hopeless(err):
			return s.aboutModel(err)
		case errors.As(err, &sample):
			rows[sample.Sample].fail(err)
		case len(rows) == 1:
			rows[0].fail(err)
		default:
			return s.oneByOne(ctx, rows, err)
		}
	}
}

// oneByOne explains samples whose batch was refused. If the model takes them alone
// it will get no more batches; if it takes none, what it said of the batch stands.
func (s *Session) oneByOne(ctx context.Context, rows []row, refused error) error {
	taken := 0
	for _, r := range rows {
		if err := s.explain(ctx, []row{r}); err != nil {
			return err
		}
		if r.work.err == nil {
			taken++
		}
	}
	if taken == 0 {
		for _, r := range rows {
			r.work.err = refused
		}
		return nil
	}
	if !s.alone {
		s.alone = true
		s.config.Log.Warn(fmt.Sprintf("the model takes one sample at a time, not %d: %v", len(rows), refused))
	}
	return nil
}

// stack copies samples of one shape into a batch.
func stack(rows []row) engine.Array {
	return stacked(len(rows), func(i int) engine.Array { return rows[i].array() })
}
