package gradcam

import (
	"fmt"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/internal/nearest"
)

// Peer is another library whose conventions a map can follow: how it is
// normalised and enlarged, and which value counts where a layer's successor
// overwrites it. Formulas of methods stay the same, but for that of
// [SmoothGradCAMPlusPlus], which takes torch-cam's activation under [TorchCAM].
//
//	                   in place         before enlarging            enlarging        layers
//	""                 as returned      ReLU, min-max               bilinear, again  mean
//	pytorch-grad-cam   activation after ReLU, min-max               bilinear, again  mean
//	captum             as returned      nothing: signed             nearest, floor   mean
//	torch-cam          both after       ReLU, min-max with 1e-8     none: as layer   max
//
// Under pytorch-grad-cam [WithAugSmoothing] chooses the class of every copy anew.
//
// Not reproduced of pytorch-grad-cam: cubic splines for volumes, and its two values
// on a GPU (there it copies the activation before it is overwritten, as captum
// does). Of captum: lists of maps for several layers. Of torch-cam:
//   - gradcam++, which weights by the sum of the cube of the positive gradient,
//   - scorecam, which normalises a mask at the layer's size and enlarges it then,
//     with half-pixel centres,
//   - the epsilon of xgradcam, 1e-8 instead of 1e-7,
//   - finercam, which subtracts 0.6 times the mean output of the three closest
//     classes, without weights.
type Peer string

// The peers. The zero value is this library's own convention.
const (
	PytorchGradCAM Peer = "pytorch-grad-cam" // version 1.5.7, on the CPU
	Captum         Peer = "captum"           // version 0.9
	TorchCAM       Peer = "torch-cam"        // version 0.5
)

// Peers are all peers.
func Peers() []Peer { return []Peer{PytorchGradCAM, Captum, TorchCAM} }

// ParsePeer reads a peer's name; "" is none.
func ParsePeer(name string) (Peer, error) {
	if name == "" || slices.Contains(Peers(), Peer(name)) {
		return Peer(name), nil
	}
	var names []string
	for _, p := range Peers() {
		names = append(names, string(p))
	}
	hint := nearest.Hint(name, names)
	if hint == "" {
		hint = ": give one of " + list(names)
	}
	return "", fmt.Errorf("unknown peer %q%s", name, hint)
}

// WithCompat follows a peer's conventions instead of this library's own. Under
// [Captum] maps are signed and not normalised, under [TorchCAM] [Result.Map] has
// the layer's size. Several layers are fused as the peer does unless [WithFusion]
// says otherwise.
func WithCompat(p Peer) Option {
	return func(e *Explainer) error {
		if _, err := ParsePeer(string(p)); err != nil {
			return err
		}
		e.compat = p
		return nil
	}
}

// inPlace is which value the peer takes for a layer's activation and gradient.
func (p Peer) inPlace() engine.InPlaceRule {
	switch p {
	case PytorchGradCAM:
		return engine.ActivationAfter
	case TorchCAM:
		return engine.BothAfter
	default:
		return engine.AsReturned
	}
}

// fusion is the peer's default.
func (p Peer) fusion() Fusion {
	if p == TorchCAM {
		return Max
	}
	return Mean
}

// signed says that the peer shows negative values of a finished map.
func (p Peer) signed(finish Finish) bool { return p == Captum && finish != Clip }

// negatives says that a raw map without positive values is no blank map: the peer
// keeps its sign, or normalises it without a ReLU.
func (p Peer) negatives(method string, finish Finish) bool {
	return p.signed(finish) || p == TorchCAM && finish == Normalise && !rectifies(method)
}

// ownSize says that a finished map has the layer's extents.
func (p Peer) ownSize(finish Finish) bool { return p == TorchCAM && finish == Normalise }

// largestSpace are the extents of maps that keep their own: along each axis the
// largest of all layers.
func largestSpace(maps []Attribution) []int {
	space := slices.Clone(maps[0].Values.Shape[1:])
	for _, m := range maps[1:] {
		for i, n := range m.Values.Shape[1:] {
			if i < len(space) {
				space[i] = max(space[i], n)
			}
		}
	}
	return space
}
