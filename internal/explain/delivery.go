package explain

import "context"

// delivery writes what is explained, several inputs at a time, and tells about it in
// the order of the inputs.
type delivery struct {
	session *Session
	watch   Watcher
	stop    context.CancelCauseFunc
	order   chan *parcel
	told    chan struct{}

	// Read by others once told is closed.
	sum  Summary
	err  error // the first that ended the run
	full bool  // the disk, as far as is known
}

// parcel is an input on its way to the disk.
type parcel struct {
	*work
	records   []Record
	unwritten error
	ready     chan struct{}
}

// deliver begins a delivery. It holds few inputs more than there are cores, so that
// results wait for the disk in no great number.
func deliver(s *Session, watch Watcher, stop context.CancelCauseFunc) *delivery {
	d := &delivery{session: s, watch: watch, stop: stop, order: make(chan *parcel, 2*s.config.Workers), told: make(chan struct{})}
	go func() {
		defer close(d.told)
		for p := range d.order {
			<-p.ready
			d.tell(p)
		}
	}()
	return d
}

// take takes an input whose samples are on their way through the model, and writes it
// when they are there.
func (d *delivery) take(w *work) {
	p := &parcel{work: w, ready: make(chan struct{})}
	d.order <- p
	go func() {
		defer close(p.ready)
		w.wait()
		if w.fatal == nil && w.err == nil {
			p.records, p.unwritten = d.session.write(w)
		}
		d.session.recycle(w.source)
	}()
}

// wait waits for all that was taken.
func (d *delivery) wait() {
	close(d.order)
	<-d.told
}

// tell tells of one input. After a file that could not be written it is silent: the
// next would meet the same disk. After a run that was ended otherwise it tells what
// was explained beside it.
func (d *delivery) tell(p *parcel) {
	switch {
	case d.full:
	case p.fatal != nil:
		d.end(p.fatal)
	case p.err != nil:
		d.sum.Failed++
		d.watch.Failed(p.file, p.err)
	case p.unwritten != nil:
		d.full = true
		d.end(p.unwritten)
	default:
		d.sum.Explained++
		d.watch.Explained(p.records)
	}
}

// end ends the run, and keeps the first reason.
func (d *delivery) end(err error) {
	if d.err == nil {
		d.err = err
	}
	d.stop(err)
}
