package superpixel

// connect numbers the connected pieces of equal label from 0, in the order of
// their first pixels. A piece smaller than least joins the piece that was there
// before it, to its left or above: the paper's way to enforce connectivity.
func connect(label []int, h, w, least int) []int {
	out := make([]int, len(label))
	for i := range out {
		out[i] = -1
	}
	next := 0
	for i := range label {
		if out[i] >= 0 {
			continue
		}
		piece := flood(label, out, i, next, h, w)
		if len(piece) >= least {
			next++
			continue
		}
		// Before the first piece is nothing: it shares its number with the next
		// one, which lies beside it.
		for _, p := range piece {
			out[p] = max(0, before(out, i, w))
		}
	}
	return out
}

// before is the piece to the left of a piece's first pixel, or above it; -1 for
// the first piece of all.
func before(out []int, i, w int) int {
	switch {
	case i%w > 0:
		return out[i-1]
	case i >= w:
		return out[i-w]
	}
	return -1
}

// flood gives the 4-connected piece of pixel start the number n and lists it.
func flood(label, out []int, start, n, h, w int) []int {
	piece := []int{start}
	out[start] = n
	for at := 0; at < len(piece); at++ {
		y, x := piece[at]/w, piece[at]%w
		for _, d := range [4][2]int{{0, -1}, {-1, 0}, {0, 1}, {1, 0}} {
			ny, nx := y+d[0], x+d[1]
			if ny < 0 || nx < 0 || ny >= h || nx >= w {
				continue
			}
			if i := ny*w + nx; out[i] < 0 && label[i] == label[start] {
				out[i] = n
				piece = append(piece, i)
			}
		}
	}
	return piece
}
