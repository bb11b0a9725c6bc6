package page

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	xdraw "image/draw"
	"image/png"
	"maps"
	"math"
	"os"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Two plots share a line of a GitHub page, 1012 pixels wide: at twice that size text
// stays sharp.
const (
	plotWidth  = 5.2 * vg.Inch
	plotHeight = 3.6 * vg.Inch
	plotDPI    = 192
	// room is what labels take at the right, by the length of the axis.
	room = 0.8
)

// colours tell the sides apart, also for the colour-blind (Okabe and Ito 2008).
func colours() map[string]color.Color {
	return map[string]color.Color{
		"Torchlight":       color.RGBA{0, 114, 178, 255},
		"fastest forward":  color.RGBA{110, 110, 110, 255},
		"torch-cam":        color.RGBA{213, 94, 0, 255},
		"pytorch-grad-cam": color.RGBA{0, 138, 100, 255},
	}
}

// save draws the plot into a PNG file.
func (p plotted) save(path string) error {
	drawn, err := p.draw()
	if err != nil {
		return err
	}
	canvas := vgimg.NewWith(vgimg.UseWH(plotWidth, plotHeight), vgimg.UseDPI(plotDPI), vgimg.UseBackgroundColor(color.White))
	const margin = 6 // points
	drawn.Draw(draw.Crop(draw.New(canvas), margin, -margin, margin, -margin))
	var doc bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&doc, few(canvas.Image())); err != nil {
		return err
	}
	return os.WriteFile(path, doc.Bytes(), 0o644)
}

// few is the picture in the colours that a plot has, and their blends with white at
// the edges of lines and letters: a quarter of the bytes.
func few(picture image.Image) image.Image {
	const shades = 16
	var palette color.Palette
	inks := []color.Color{color.Black, color.Gray{120}}
	for _, label := range slices.Sorted(maps.Keys(colours())) {
		inks = append(inks, colours()[label])
	}
	for _, ink := range inks {
		r, g, b, _ := ink.RGBA()
		for k := range uint32(shades) {
			blend := func(v uint32) uint8 { return uint8((v*(shades-1-k) + 0xffff*k) / (shades - 1) >> 8) }
			palette = append(palette, color.RGBA{blend(r), blend(g), blend(b), 255})
		}
	}
	out := image.NewPaletted(picture.Bounds(), palette)
	xdraw.Draw(out, out.Bounds(), picture, picture.Bounds().Min, xdraw.Src)
	return out
}

func (p plotted) draw() (*plot.Plot, error) {
	out := plot.New()
	out.Title.Text, out.X.Label.Text, out.Y.Label.Text = p.title, p.axis.label, "milliseconds"
	out.Title.Padding = vg.Points(2)
	out.X.Scale, out.Y.Scale = plot.LogScale{}, plot.LogScale{}
	for _, style := range []*text.Style{&out.Title.TextStyle, &out.X.Label.TextStyle, &out.Y.Label.TextStyle, &out.X.Tick.Label, &out.Y.Tick.Label} {
		style.Font.Variant = "Sans"
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = nil, color.Gray{230}
	out.Add(grid)
	first := p.series[0]
	out.X.Tick.Marker, out.Y.Tick.Marker = exactly(first.x), decades{}
	for _, axis := range []*plot.Axis{&out.X, &out.Y} {
		axis.Padding, axis.Color, axis.Tick.Color = 0, color.Gray{120}, color.Gray{120}
	}
	for _, s := range p.series {
		if err := add(out, s); err != nil {
			return nil, err
		}
	}
	low, high := p.extent()
	out.Y.Min, out.Y.Max = low/1.15, high*1.15
	from, to := first.x[0], first.x[len(first.x)-1]
	out.X.Min, out.X.Max = from/1.05, to*math.Pow(to/from, room)
	return out, p.label(out)
}

// add draws a line with a mark and the quartiles at every point.
func add(out *plot.Plot, s series) error {
	points := quartilePoints{make(plotter.XYs, len(s.x)), make(plotter.YErrors, len(s.x))}
	for i, q := range s.y {
		points.XYs[i] = plotter.XY{X: s.x[i], Y: q.Median}
		points.YErrors[i].Low, points.YErrors[i].High = q.Median-q.Q1, q.Q3-q.Median
	}
	line, marks, err := plotter.NewLinePoints(points.XYs)
	if err != nil {
		return err
	}
	bars, err := plotter.NewYErrorBars(points)
	if err != nil {
		return err
	}
	c := colours()[s.label]
	line.Color, line.Width = c, vg.Points(1.5)
	marks.Color, marks.Shape, marks.Radius = c, draw.CircleGlyph{}, vg.Points(2.2)
	bars.Color, bars.CapWidth = c, vg.Points(4)
	out.Add(line, bars, marks)
	return nil
}

// quartilePoints are points with error bars.
type quartilePoints struct {
	plotter.XYs
	plotter.YErrors
}

// label names the lines at their ends, with their exponents, at distances at which
// the names do not overlap.
func (p plotted) label(out *plot.Plot) error {
	ends := slices.Clone(p.series)
	end := func(s series) float64 { return s.y[len(s.y)-1].Median }
	slices.SortFunc(ends, func(a, b series) int { return cmp.Compare(end(a), end(b)) })
	heights := make([]float64, len(ends))
	for i, s := range ends {
		heights[i] = math.Log(end(s))
	}
	apart(heights, 0.065*math.Log(out.Y.Max/out.Y.Min), math.Log(out.Y.Max)-0.03*math.Log(out.Y.Max/out.Y.Min))
	for i, s := range ends {
		l, err := plotter.NewLabels(plotter.XYLabels{
			XYs:    plotter.XYs{{X: s.x[len(s.x)-1], Y: math.Exp(heights[i])}},
			Labels: []string{fmt.Sprintf("%s, exponent %.2f", s.label, s.fit.Exponent)},
		})
		if err != nil {
			return err
		}
		l.TextStyle[0] = text.Style{Color: colours()[s.label], Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: 9}, YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
		l.Offset = vg.Point{X: vg.Points(6)}
		out.Add(l)
	}
	return nil
}

// apart moves sorted heights so that neighbours are gap apart and none is above top.
func apart(heights []float64, gap, top float64) {
	for i := 1; i < len(heights); i++ {
		heights[i] = max(heights[i], heights[i-1]+gap)
	}
	for i := len(heights) - 1; i >= 0; i-- {
		heights[i] = min(heights[i], top)
		top = heights[i] - gap
	}
}

// extent is the smallest and the largest time.
func (p plotted) extent() (low, high float64) {
	low = math.Inf(1)
	for _, s := range p.series {
		for _, q := range s.y {
			low, high = min(low, q.Q1, q.Median), max(high, q.Q3, q.Median)
		}
	}
	return low, high
}

// exactly puts a labelled tick at every x that was measured.
func exactly(x []float64) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, v := range x {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%g", v)})
	}
	return ticks
}

// decades are ticks at 1, 2 and 5 times powers of ten.
type decades struct{}

// Ticks implements plot.Ticker.
func (decades) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for power := math.Pow(10, math.Floor(math.Log10(low))); power <= high; power *= 10 {
		for _, m := range []float64{1, 2, 5} {
			if v := m * power; v >= low && v <= high {
				ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%g", v)})
			}
		}
	}
	return ticks
}
