package render

import (
	"fmt"
	"strings"
)

// Colormap names a table of 256 colours. The tables are the libraries' own
// (scripts/golden/colormaps.py), down to matplotlib's truncating to bytes.
type Colormap int

const (
	// Inferno is matplotlib's perceptual map from black over red to pale yellow,
	// and the default: equal steps of heat look equally large, and brighter is
	// always hotter, also in print and to colour-blind eyes.
	Inferno Colormap = iota
	// Viridis is matplotlib's perceptual map from violet over green to yellow.
	Viridis
	// Turbo is Google's rainbow, the smoother successor of jet.
	Turbo
	// JetCV is OpenCV's jet, the colours of pytorch-grad-cam. It is up to 33
	// levels away from matplotlib's.
	JetCV
	// JetMPL is matplotlib's jet, the colours of torch-cam.
	JetMPL
)

// table holds the colours of the levels 0 to 255, as red, green, blue.
type table [256][3]uint8

func (c Colormap) table() *table {
	switch c {
	case Viridis:
		return &viridisTable
	case Turbo:
		return &turboTable
	case JetCV:
		return &jetCVTable
	case JetMPL:
		return &jetMPLTable
	default:
		return &infernoTable
	}
}

// Color is the colour of one of the 256 levels.
func (c Colormap) Color(level uint8) (r, g, b uint8) {
	rgb := c.table()[level]
	return rgb[0], rgb[1], rgb[2]
}

// String is the name that [ParseColormap] understands.
func (c Colormap) String() string {
	for _, n := range colormapNames() {
		if n.colormap == c {
			return n.name
		}
	}
	return fmt.Sprintf("Colormap(%d)", int(c))
}

// ParseColormap finds a colour map by name: inferno, viridis, turbo, jet-cv or
// jet-mpl; jet is matplotlib's.
func ParseColormap(name string) (Colormap, error) {
	var known []string
	for _, n := range colormapNames() {
		if n.name == name {
			return n.colormap, nil
		}
		known = append(known, n.name)
	}
	return 0, fmt.Errorf("render: no colour map %q; choose one of %s", name, strings.Join(known, ", "))
}

type colormapName struct {
	name     string
	colormap Colormap
}

func colormapNames() []colormapName {
	return []colormapName{{"inferno", Inferno}, {"viridis", Viridis}, {"turbo", Turbo},
		{"jet-cv", JetCV}, {"jet-mpl", JetMPL}, {"jet", JetMPL}}
}
