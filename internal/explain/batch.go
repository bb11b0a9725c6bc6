package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
)

// work is an input on its way: its samples go through the model in one batch or
// several, with those of other inputs or without.
type work struct {
	*source
	explained []explained // one a method
	left      int         // samples that no batch has taken yet
	going     sync.WaitGroup

	// Batches of one input may run side by side.
	mu     sync.Mutex
	sample int   // that err is about
	fatal  error // why the run cannot go on
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
		w.going.Add(w.left)
		for range methods {
			w.explained = append(w.explained, explained{make([]gradcam.Result, w.left), make([]saved, w.left)})
		}
	}
	return w
}

// wait waits until all samples have been through the model.
func (w *work) wait() { w.going.Wait() }

// ended says that one sample has been through, with what ended the run or nil.
func (w *work) ended(fatal error) {
	w.mu.Lock()
	if w.fatal == nil {
		w.fatal = fatal
	}
	w.mu.Unlock()
	w.going.Done()
}

// failed says that the input is given up because of this sample or one before it.
// Those before that one may still be to blame, and are then named.
func (w *work) failed(sample int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err != nil && w.sample <= sample
}

// fail gives the input up because of a sample: the first one of those to blame.
func (w *work) fail(sample int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil || sample < w.sample {
		w.err, w.sample = err, sample
	}
}

// row is one sample of an input.
type row struct {
	work  *work
	index int
}

func (r row) array() engine.Array { return r.work.array.Row(r.index) }

// accept takes sample i of a batch that was explained by every method.
func (r row) accept(all [][]gradcam.Result, i int, kept []recorder) {
	for m, results := range all {
		results[i].Sample = r.index
		e := r.work.explained[m]
		e.results[r.index], e.saved[r.index] = results[i], kept[m].row(i)
	}
}

// fail gives up the whole input. The sample is named where there are several.
func (r row) fail(err error) {
	if r.work.samples() > 1 {
		err = fmt.Errorf("sample %d: %w", r.index, withFix(err))
	}
	r.work.fail(r.index, r.work.asStored(withFix(err)))
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
	if s.alone.Load() {
		return 1
	}
	return s.config.batch(a.work.photo != nil)
}

// explain runs one batch. Samples that are to blame for an error are left out and
// the others run again; where nobody is to blame, each runs alone. The error is
// that of a run that cannot go on.
func (s *Session) explain(ctx context.Context, rows []row) error {
	for {
		rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.work.failed(r.index) })
		if len(rows) == 0 {
			return nil
		}
		kept := s.recorders()
		all, err := s.compute(recording(ctx, kept), rows)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var sample *gradcam.SampleError
		switch {
		case err == nil:
			for i, r := range rows {
				r.accept(all, i, kept)
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
		case errors.Is(err, engine.ErrOutOfMemory):
			// A sample that does not fit even alone is not the others' fault.
			half := len(rows) / 2
			if err := s.explain(ctx, rows[:half]); err != nil {
				return err
			}
			return s.explain(ctx, rows[half:])
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
		if !r.work.failed(r.index) {
			taken++
		}
	}
	if taken == 0 {
		for _, r := range rows {
			r.work.fail(-1, refused)
		}
		return nil
	}
	if s.alone.CompareAndSwap(false, true) {
		s.config.Log.Warn(fmt.Sprintf("the model takes one sample at a time, not %d: %v", len(rows), refused))
	}
	return nil
}

// compute runs the rows on one of the cores.
func (s *Session) compute(ctx context.Context, rows []row) ([][]gradcam.Result, error) {
	inputs := s.with.beside(stack(rows))
	s.cores.take()
	defer s.cores.give()
	return s.explainer.ExplainAll(ctx, inputs, s.target)
}

// stack copies samples of one shape into a batch; one that is a batch stays where it
// is.
func stack(rows []row) engine.Array {
	if one := rows[0].work; len(rows) == 1 && one.samples() == 1 {
		return one.array
	}
	return stacked(len(rows), func(i int) engine.Array { return rows[i].array() })
}
