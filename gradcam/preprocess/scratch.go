package preprocess

// scratch is the memory of one resize after the other.
type scratch struct {
	grey           []uint8
	out, line, buf []uint8
	ring           [][]int32
	columns, rows  axisWindows
}

// axisWindows keeps the windows of one axis for the next photo of the same size.
type axisWindows struct {
	by                Interpolation
	in, out, from, to int
	windows           []window[int32]
}

func (a *axisWindows) of(by Interpolation, in, out, from, to int) []window[int32] {
	if a.windows == nil || a.by != by || a.in != in || a.out != out || a.from != from || a.to != to {
		k, _ := kernelOf(by)
		*a = axisWindows{by, in, out, from, to, windows(k, in, out, from, to)}
	}
	return a.windows
}

// sized is a slice of n values, in the old one's memory where that is large enough.
// What it holds is anything.
func sized[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	return old[:n]
}
