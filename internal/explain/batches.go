package explain

import (
	"context"
	"sync"
)

// batches forms batches of the samples, in the order of the inputs, and sends them
// through the model, several at a time.
type batches struct {
	session *Session
	handOn  func(*work) // takes inputs all of whose samples are on their way
	stop    context.CancelCauseFunc
	why     func() error // of a context that is done: the caller's reason or stop's

	open   []*work // begun, not handed on
	batch  []row
	warm   bool // the first batch has been through
	passes chan struct{}
	going  sync.WaitGroup
}

// explainAll explains the sources. Its error is that of a run that cannot go on,
// where it was met here; works tell of those met later.
func (b *batches) explainAll(ctx context.Context, sources <-chan <-chan *source) error {
	defer b.going.Wait()
	for one := range sources {
		w := newWork(<-one, len(b.session.ways))
		if ctx.Err() != nil {
			break
		}
		if err := b.add(ctx, w); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return b.why()
	}
	return b.flush(ctx)
}

// add puts the samples of an input into batches.
func (b *batches) add(ctx context.Context, w *work) error {
	b.open = append(b.open, w)
	for i := range w.left {
		r := row{w, i}
		if len(b.batch) > 0 && (b.full() || !b.session.fits(b.batch[0], r)) {
			if err := b.flush(ctx); err != nil {
				return err
			}
		}
		b.batch = append(b.batch, r)
	}
	if len(b.batch) == 0 || b.full() {
		return b.flush(ctx)
	}
	return nil
}

func (b *batches) full() bool { return len(b.batch) >= b.session.limit(b.batch[0]) }

// flush sends the batch off and hands on the inputs that wait for no other.
func (b *batches) flush(ctx context.Context) error {
	rows := b.batch
	b.batch = nil
	for _, r := range rows {
		r.work.left--
	}
	err := b.send(ctx, rows)
	for len(b.open) > 0 && b.open[0].left == 0 {
		b.handOn(b.open[0])
		b.open = b.open[1:]
	}
	return err
}

// send runs a batch. The first one is waited for: it makes the plans that all share,
// and tells whether the model takes batches at all.
func (b *batches) send(ctx context.Context, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	if !b.warm || cap(b.passes) == 1 {
		b.warm = true
		return b.through(ctx, rows)
	}
	b.passes <- struct{}{}
	b.going.Go(func() {
		defer func() { <-b.passes }()
		if err := b.through(ctx, rows); err != nil {
			b.stop(err)
		}
	})
	return nil
}

// through explains a batch and tells its works, also where the run cannot go on.
func (b *batches) through(ctx context.Context, rows []row) error {
	err := b.session.explain(ctx, rows)
	if err != nil && ctx.Err() != nil {
		err = b.why() // another batch's reason, not that this one was ended for it
	}
	for _, r := range rows {
		r.work.ended(err)
	}
	return err
}
