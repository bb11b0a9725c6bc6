package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/card"
	"github.com/torchlight-go/torchlight/gradcam/render"
	"github.com/torchlight-go/torchlight/internal/explain"
)

type explainFlags struct {
	modelFlags
	question
	way
	photo
	results
	profiles
}

// question is what to explain.
type question struct {
	layers, layouts, with      []string
	target                     string
	output, outputKind, labels string
	input                      int
}

// way is how to explain it.
type way struct {
	method, fusion, compat, memory string
	options                        []string
	seed                           uint64
	augSmooth, eigenSmooth         bool
}

// photo is how photos become inputs.
type photo struct {
	preprocess, size, crop, mean, std, interpolation string
	orient                                           bool
}

// results is what to leave, and where.
type results struct {
	out, style, colormap string
	save                 []string
	top, batch           int
	json                 bool
}

func (f *explainFlags) addQuestion(c *cobra.Command) {
	fl := c.Flags()
	fl.StringArrayVar(&f.layers, "layer", nil, "`LAYER` to explain: path[@call][:element], or #op:index in a frozen file; may be repeated (default: the card's, or the last with space in it)")
	fl.StringArrayVar(&f.layouts, "layout", nil, "`AXES` of the layer, or of each in order: auto, channels-first, channels-last, or tokens:1:14x14 for a grid after one token (default auto)")
	fl.StringVar(&f.target, "target", "top1", "`TARGET` to explain: top1, topK, N, LABEL, =LABEL, prob:N, logprob:N, rest:N, margin:A-B, binary:1, raw, anchor:P:N, box:L,T,R,B,N or neg:TARGET")
	fl.StringArrayVar(&f.with, "with", nil, "`FILE` of a further input of the model, .npy with a first axis of 1; the same for every INPUT; may be repeated")
	fl.IntVar(&f.input, "input", 0, "explain the model's `K`-th input, counted from 0: INPUT is 0, those of --with follow")
	fl.StringVar(&f.output, "output", "", "`NAME` of the output to explain, of several (default: the card's, or the usual one)")
	fl.StringVar(&f.outputKind, "output-kind", "", "`KIND` of the output's numbers: logits, probabilities or sigmoid (default: the card's, or logits)")
	fl.StringVar(&f.labels, "labels", "", "`FILE` of class names, one a line (default: the card's)")
	complete(c, "layout", "auto", "channels-first", "channels-last", "tokens:")
	_ = c.MarkFlagFilename("with", "npy")
	complete(c, "output-kind", "logits", "probabilities", "sigmoid")
	_ = c.MarkFlagFilename("labels", "txt")
}

func (f *explainFlags) addWay(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.method, "method", "", "`METHOD` to explain with, see `torchlight methods`; several with commas between share their passes (default: the card's, or gradcam)")
	fl.StringArrayVar(&f.options, "option", nil, "`NAME=VALUE` of a method's option, see `torchlight methods METHOD`; may be repeated")
	fl.Uint64Var(&f.seed, "seed", 0, "`SEED` of methods that draw numbers: the same seed gives the same map")
	fl.StringVar(&f.memory, "memory", "64M", "`BYTES` that methods of many passes may use for changed copies at a time, for each input in work: it changes the time, and of the map only the rounding")
	fl.StringVar(&f.fusion, "fusion", "", "`HOW` the maps of several layers become one: mean, max or product (default: the peer's of --compat, or mean)")
	fl.StringVar(&f.compat, "compat", "", "follow a `PEER`'s normalisation, upsampling and in-place rule: pytorch-grad-cam, captum or torch-cam")
	fl.BoolVar(&f.augSmooth, "aug-smooth", false, "average over six copies of the input, flipped and scaled: six times the passes")
	fl.BoolVar(&f.eigenSmooth, "eigen-smooth", false, "project weighted channels on their first principal component instead of adding them up")
	_ = c.RegisterFlagCompletionFunc("method", completeMethods)
	complete(c, "fusion", "mean", "max", "product")
	complete(c, "compat", peerNames()...)
}

func peerNames() []string {
	var names []string
	for _, p := range gradcam.Peers() {
		names = append(names, string(p))
	}
	return names
}

// completeMethods completes the last of several names.
func completeMethods(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	var words []string
	for _, e := range gradcam.Catalogue() {
		words = append(words, before+e.Method.Name()+"\t"+e.Summary)
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func (f *explainFlags) addPhoto(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.preprocess, "preprocess", "", "`HOW` photos become inputs: pil or tensor, torchvision's two ways, or none (default: the card's, or ImageNet's)")
	fl.StringVar(&f.size, "size", "", "resize to `N`, the shorter side, which is also the crop unless --crop is given; or to H,W; or none")
	fl.StringVar(&f.crop, "crop", "", "crop in the centre: `N`, or H,W, or none")
	fl.StringVar(&f.mean, "mean", "", "`M` of each channel to subtract, or one for all")
	fl.StringVar(&f.std, "std", "", "`S` of each channel to divide by, or one for all")
	fl.StringVar(&f.interpolation, "interpolation", "", "`FILTER` of the resize: bilinear, bicubic, nearest, nearest-exact, lanczos, box or hamming")
	fl.BoolVar(&f.orient, "orient", false, "turn photos as their EXIF orientation says, which Python's loaders do not")
	complete(c, "preprocess", "pil", "tensor", "none")
	complete(c, "interpolation", "bilinear", "bicubic", "nearest", "nearest-exact", "lanczos", "box", "hamming")
}

func (f *explainFlags) addResults(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.out, "out", ".", "`DIR` for the results, made if need be")
	fl.StringVar(&f.style, "style", "torchlight", "`STYLE` of the overlay: torchlight, pytorch-grad-cam or torch-cam; that of dff has colours of its own")
	fl.StringVar(&f.colormap, "colormap", "", "`COLOURS` of the style torchlight: inferno, viridis, turbo, jet, jet-mpl or jet-cv")
	fl.StringSliceVar(&f.save, "save", nil, "also write these `STAGES` as .npy: input, activation, gradient, output")
	fl.IntVar(&f.top, "top", 5, "list the `K` best classes")
	fl.IntVar(&f.batch, "batch", 0, "run up to `N` samples together (default: photos one by one, an array as it comes)")
	fl.BoolVar(&f.json, "json", false, "print one JSON object a sample instead of lines for people")
	complete(c, "style", "torchlight", "pytorch-grad-cam", "torch-cam")
	complete(c, "colormap", "inferno", "viridis", "turbo", "jet", "jet-mpl", "jet-cv")
	complete(c, "save", "input", "activation", "gradient", "output")
	_ = c.MarkFlagDirname("out")
}

// config turns the flags into a question.
func (f *explainFlags) config() (explain.Config, error) {
	c := explain.Config{
		Model: f.model, Layers: f.layers, Layouts: f.layouts, With: f.with, Input: f.input, Target: f.target, Output: f.output, OutputKind: f.outputKind,
		Method: f.method, Options: f.options, Seed: f.seed, Fusion: f.fusion, Compat: f.compat, AugSmooth: f.augSmooth, EigenSmooth: f.eigenSmooth,
		Top: f.top, Batch: f.batch, Out: f.out, Orient: f.orient,
	}
	var err error
	if c.Style, err = f.overlayStyle(); err != nil {
		return c, err
	}
	if c.Memory, err = explain.ParseBytes(f.memory); err != nil {
		return c, misuse("--memory: %w", err)
	}
	for _, stage := range f.save {
		c.Save = append(c.Save, explain.Stage(stage))
	}
	if c.Photo, err = f.overrides(); err != nil {
		return c, err
	}
	if f.target == "" {
		return c, misuse("--target is empty; give a class, or leave it out for top1")
	}
	if f.top < 1 {
		return c, misuse("--top %d; give 1 or more", f.top)
	}
	if f.labels != "" {
		if c.Labels, err = card.ReadLabels(f.labels); err != nil {
			return c, labelsError(err)
		}
	}
	return c, nil
}

// labelsError says what to do about a file of labels that is not there.
func labelsError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--labels: %w; check the path", err)
	}
	return fmt.Errorf("--labels: %w", err)
}

func (r results) overlayStyle() (render.Style, error) {
	style, err := render.ParseStyle(r.style)
	if err != nil {
		return nil, misuse("--style: %w", err)
	}
	if r.colormap == "" {
		return style, nil
	}
	if _, ours := style.(render.Torchlight); !ours {
		return nil, misuse("--colormap goes with the style torchlight; %s has colours of its own", r.style)
	}
	colors, err := render.ParseColormap(r.colormap)
	if err != nil {
		return nil, misuse("--colormap: %w", err)
	}
	return render.Torchlight{Colormap: colors}, nil
}

func (p photo) overrides() (explain.Overrides, error) {
	o := explain.Overrides{Pipeline: p.preprocess, Interpolation: p.interpolation}
	if !slices.Contains([]string{"", "pil", "tensor", "none"}, p.preprocess) {
		return o, misuse("--preprocess %q; give pil, tensor or none", p.preprocess)
	}
	var err error
	if o.Size, err = parseSize("size", p.size); err != nil {
		return o, err
	}
	if o.Crop, err = parseSize("crop", p.crop); err != nil {
		return o, err
	}
	if o.Mean, err = parseNumbers("mean", p.mean); err != nil {
		return o, err
	}
	o.Std, err = parseNumbers("std", p.std)
	return o, err
}

// parseSize reads "N" or "H,W"; "none" is an empty list, "" no list.
func parseSize(flag, s string) ([]int, error) {
	if s == "" {
		return nil, nil
	}
	sides := []int{}
	if s == "none" {
		return sides, nil
	}
	for _, word := range strings.Split(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 || n > 1<<24 {
			return nil, misuse("--%s %q; give N or H,W in pixels", flag, s)
		}
		sides = append(sides, n)
	}
	if len(sides) > 2 {
		return nil, misuse("--%s %q; give N or H,W in pixels", flag, s)
	}
	return sides, nil
}

// parseNumbers reads numbers with commas between them; "none" is an empty list,
// "" no list.
func parseNumbers(flag, s string) ([]float64, error) {
	if s == "" {
		return nil, nil
	}
	numbers := []float64{}
	if s == "none" {
		return numbers, nil
	}
	for _, word := range strings.Split(s, ",") {
		x, err := strconv.ParseFloat(strings.TrimSpace(word), 64)
		if err != nil {
			return nil, misuse("--%s %q; give a number, or one a channel with commas between", flag, s)
		}
		numbers = append(numbers, x)
	}
	return numbers, nil
}
