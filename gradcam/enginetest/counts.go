package enginetest

import "sync/atomic"

// Counts is what a network was asked for so far.
type Counts struct {
	Plans, Forwards, Backwards, SecondOrders, Reruns, Predicts, Calls int
	// OpenPlans and OpenPasses were made and not closed.
	OpenPlans, OpenPasses int
}

type counters struct {
	plans, forwards, backwards, secondOrders, reruns, predicts, calls, openPlans, openPasses atomic.Int64
}

// Counts is what the network was asked for so far.
func (c *counters) Counts() Counts {
	return Counts{
		Plans:        int(c.plans.Load()),
		Forwards:     int(c.forwards.Load()),
		Backwards:    int(c.backwards.Load()),
		SecondOrders: int(c.secondOrders.Load()),
		Reruns:       int(c.reruns.Load()),
		Predicts:     int(c.predicts.Load()),
		Calls:        int(c.calls.Load()),
		OpenPlans:    int(c.openPlans.Load()),
		OpenPasses:   int(c.openPasses.Load()),
	}
}
