package explain

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/npy"
)

// asked is a target as it was given. One that compares with a reference needs the
// model to become a target.
type asked struct {
	target    gradcam.Target
	reference string // the file to compare with
	dot       bool   // by the dot product, not the angle
	negative  bool
}

// photo says that the reference is one.
func (a asked) photo() bool { return a.reference != "" && !isArray(a.reference) }

// parseTarget reads the grammar of gradcam.ParseTarget and what needs files:
//
//	similar:FILE   likeness to the model's output for a reference, by the angle
//	dot:FILE       the same by the dot product
//	mask:FILE:N    the sum of class N's output over a mask, .npy of shape (H,W)
//
// each also after neg:.
func parseTarget(text string, labels []string) (asked, error) {
	rest, negative := strings.CutPrefix(text, "neg:")
	word, operand, _ := strings.Cut(rest, ":")
	a := asked{negative: negative}
	var err error
	switch word {
	case "similar", "dot":
		if operand == "" {
			return a, misusef("target %q names no file; give a reference, as %s:photo.jpg", text, word)
		}
		a.reference, a.dot = operand, word == "dot"
		return a, nil
	case "mask":
		a.target, err = parseMask(text, operand)
	default:
		a.negative = false // part of the grammar
		if a.target, err = gradcam.ParseTarget(text, labels); err != nil {
			err = misuse{err}
		}
	}
	if err == nil && a.negative {
		a.target = gradcam.Negative(a.target)
	}
	return a, err
}

// parseMask reads FILE:N.
func parseMask(text, operand string) (gradcam.Target, error) {
	colon := strings.LastIndexByte(operand, ':')
	if colon < 1 {
		return nil, misusef("target %q; give a mask and a class, as mask:roi.npy:3", text)
	}
	file := operand[:colon]
	class, err := strconv.Atoi(operand[colon+1:])
	if err != nil || class < 0 {
		return nil, misusef("target %q: %q is no class index; give a number from 0", text, operand[colon+1:])
	}
	if !isArray(file) {
		return nil, misusef("target %q: mask %s is no array; save it as .npy of shape (H,W), at the size of the model's output or in its proportions", text, file)
	}
	mask, err := npy.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("mask: %w", withRemedy(file, err))
	}
	if mask.Ints != nil { // a mask of zeros and ones is often saved as integers
		mask.Data = make([]float32, len(mask.Ints))
		for i, v := range mask.Ints {
			mask.Data[i] = float32(v)
		}
		mask.Ints = nil
	}
	if len(mask.Shape) < 2 || len(mask.Shape) > 3 || mask.Len() == 0 {
		return nil, misusef("target %q: mask %s has shape %v; save it as (H,W)", text, file, mask.Shape)
	}
	return gradcam.Mask(file, mask, class), nil
}

// aim makes the target: a reference goes through the model first, with the further
// inputs of all others.
func (s *Session) aim(ctx context.Context) (gradcam.Target, error) {
	a := s.question
	if a.reference == "" {
		return a.target, nil
	}
	src := s.read(ctx, a.reference)
	if src.err != nil {
		return nil, fmt.Errorf("reference %s: %w", a.reference, src.err)
	}
	if src.samples() != 1 {
		return nil, fmt.Errorf("reference %s has %d samples; give one", a.reference, src.samples())
	}
	embeddings, err := s.explainer.Embed(ctx, s.with.beside(src.array))
	if err != nil {
		return nil, fmt.Errorf("reference %s: %w", a.reference, withFix(err))
	}
	target := gradcam.Similarity(a.reference, embeddings[0])
	if a.dot {
		target = gradcam.DotProduct(a.reference, embeddings[0])
	}
	if a.negative {
		target = gradcam.Negative(target)
	}
	return target, nil
}
