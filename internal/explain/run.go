package explain

import "context"

// Watcher hears of every input as soon as it and all before it are done with, in
// the order of the inputs. Its methods are called by one goroutine at a time.
type Watcher interface {
	// Explained is called when all files of an input are written; there is one
	// record a sample.
	Explained(records []Record)
	// Failed is called for an input that could not be explained.
	Failed(input string, err error)
}

// Summary counts inputs.
type Summary struct{ Explained, Failed int }

// Run explains the inputs. An input that cannot be read or explained is told to
// the watcher and the run goes on; the error is about the model, the folder of the
// results, or the context, which end it. Results that were computed by then are
// still written.
func (s *Session) Run(caller context.Context, inputs []string, watch Watcher) (Summary, error) {
	ctx, stop := context.WithCancelCause(caller)
	defer stop(nil)
	sources := s.readAhead(ctx, inputs)
	defer func() { _ = s.close() }() // plans that do not close cannot be helped
	if err := s.ready(ctx, hasPhotos(inputs)); err != nil {
		return Summary{}, err
	}
	d := deliver(s, watch, stop)
	why := func() error {
		if err := caller.Err(); err != nil {
			return err
		}
		return context.Cause(ctx)
	}
	b := batches{session: s, handOn: d.take, stop: stop, why: why, passes: make(chan struct{}, s.config.Passes)}
	err := b.explainAll(ctx, sources)
	d.wait()
	if d.err != nil {
		return d.sum, d.err
	}
	return d.sum, err
}
