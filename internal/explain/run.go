package explain

import "context"

// Watcher hears of every input as soon as it is done with, in the order of the
// inputs. Its methods are called by one goroutine at a time.
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
func (s *Session) Run(ctx context.Context, inputs []string, watch Watcher) (Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sources := s.readAhead(ctx, inputs)
	defer func() { _ = s.close() }() // plans that do not close cannot be helped
	if err := s.ready(ctx, hasPhotos(inputs)); err != nil {
		return Summary{}, err
	}
	d := delivery{session: s, watch: watch, stop: cancel}
	finished := make(chan *work, 1)
	written := make(chan struct{})
	go func() {
		defer close(written)
		for w := range finished {
			d.deliver(w)
		}
	}()
	err := s.explainAll(ctx, sources, finished)
	close(finished)
	<-written
	if d.err != nil {
		return d.sum, d.err
	}
	return d.sum, err
}

// delivery writes what is finished and tells about it.
type delivery struct {
	session *Session
	watch   Watcher
	stop    context.CancelFunc
	sum     Summary
	err     error // a file that cannot be written: the next would meet the same disk
}

func (d *delivery) deliver(w *work) {
	if d.err != nil {
		return
	}
	if w.err != nil {
		d.sum.Failed++
		d.watch.Failed(w.file, w.err)
		return
	}
	records, err := d.session.write(w)
	if err != nil {
		d.err = err
		d.stop()
		return
	}
	d.sum.Explained++
	d.watch.Explained(records)
}

// explainAll forms batches of the samples and hands inputs on in their order.
func (s *Session) explainAll(ctx context.Context, sources <-chan <-chan *source, finished chan<- *work) error {
	var open []*work // begun, not handed on
	var batch []row
	flush := func() error {
		err := s.explain(ctx, batch)
		batch = batch[:0]
		for len(open) > 0 && open[0].done() {
			finished <- open[0]
			open = open[1:]
		}
		return err
	}
	for one := range sources {
		w := newWork(<-one, len(s.ways))
		if ctx.Err() != nil {
			break
		}
		open = append(open, w)
		for i := range w.left {
			r := row{w, i}
			if len(batch) > 0 && (len(batch) >= s.limit(batch[0]) || !s.fits(batch[0], r)) {
				if err := flush(); err != nil {
					return err
				}
			}
			batch = append(batch, r)
		}
		if len(batch) == 0 || len(batch) >= s.limit(batch[0]) {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return flush()
}
