package main

// turns is how a case and its peers are timed against each other.
type turns struct {
	rounds  int
	calls   int // of each side in a round
	warmUps int // calls of ours before the first round
}

// taken has one number a round: the median of its calls in milliseconds, and of each
// peer also how many times longer it took than ours.
type taken struct {
	own            []float64
	theirs, ratios map[string][]float64
}

// take times ours and the peers, by what bench_peers.py calls them, in turn: a
// machine that slows down slows all of them.
func (t turns) take(c passCase, ours func() (float64, error), p *peer, peers ...string) (taken, error) {
	all := taken{theirs: map[string][]float64{}, ratios: map[string][]float64{}}
	for range t.warmUps {
		if _, err := ours(); err != nil {
			return all, err
		}
	}
	for range t.rounds {
		mine, err := medianOf(t.calls, ours)
		if err != nil {
			return all, err
		}
		all.own = append(all.own, mine)
		for _, what := range peers {
			ms, err := p.time(request{what, c.Model, c.Layer, c.Batch, c.Threads, t.calls})
			if err != nil {
				return all, err
			}
			m := median(ms)
			all.theirs[what] = append(all.theirs[what], m)
			all.ratios[what] = append(all.ratios[what], m/mine)
		}
	}
	return all, nil
}
