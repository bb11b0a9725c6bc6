package preprocess

// filterColumns is the pass in height of a resize. line returns row y of the
// source and emit takes the sums of output row y; neither keeps what the other
// gave it. Every line is asked for once, in order, and added to the sums of all
// output rows whose windows hold it, so that memory is needed for those few rows
// only, however large the source is: the ring, as long as windows overlap, keeps the
// sums of row i at i%len(ring).
func filterColumns[S uint8 | float32, W number](ring [][]W, rows []window[W], line func(y int) []S, emit func(y int, sums []W)) {
	done, open := 0, 0 // rows done <= i < open are being summed
	for y := rows[0].first; done < len(rows); y++ {
		src := line(y)
		for ; open < len(rows) && rows[open].first <= y; open++ {
			s := &ring[open%len(ring)]
			*s = sized(*s, len(src))
			clear(*s)
		}
		for i := done; i < open; i++ {
			addScaled(ring[i%len(ring)], src, rows[i].weights[y-rows[i].first])
		}
		for ; done < open && rows[done].end() <= y+1; done++ {
			emit(done, ring[done%len(ring)])
		}
	}
}

// overlap is the largest number of windows that hold one sample.
func overlap[W number](rows []window[W]) int {
	most, done := 1, 0
	for i, r := range rows {
		for rows[done].end() <= r.first {
			done++
		}
		most = max(most, i+1-done)
	}
	return most
}

// addScaled adds k*src to the sums. The conversion of the product keeps it from
// being fused into the addition.
func addScaled[S uint8 | float32, W number](sums []W, src []S, k W) {
	src = src[:len(sums)]
	for i, v := range src {
		sums[i] += W(k * W(v)) //nolint:unconvert // it rounds the product
	}
}
