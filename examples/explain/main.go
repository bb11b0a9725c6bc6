package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/card"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/gradcam/render"
	"github.com/torchlight-go/torchlight/torch"
)

func main() {
	model, photo, overlay := "examples/models/mobilenet_v2.pt", "examples/photos/chelsea.png", "chelsea.overlay.png"
	if len(os.Args) == 4 {
		model, photo, overlay = os.Args[1], os.Args[2], os.Args[3]
	}
	if err := explain(context.Background(), os.Stdout, model, photo, overlay); err != nil {
		fmt.Fprintln(os.Stderr, "explain:", err)
		os.Exit(1)
	}
}

// explain writes the overlay of one photo and says what the model saw.
func explain(ctx context.Context, w io.Writer, model, photo, overlay string) error {
	m, err := torch.Load(model)
	if err != nil {
		return err
	}
	defer m.Close()
	// The card beside the model says how photos become its input, and what its
	// classes are called.
	c, found, err := card.Find(model)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%s has no card %s; write one, see docs/model-card.example.yaml", model, card.Path(model))
	}
	picture, err := preprocess.DecodeFile(photo, preprocess.Options{})
	if err != nil {
		return err
	}
	in, err := c.Pipeline().Apply(picture)
	if err != nil {
		return err
	}
	result, err := one(ctx, m, c, in)
	if err != nil {
		return err
	}
	if result.Reason != "" { // nothing to see: the overlay would be the photo
		return fmt.Errorf("%s: the map is blank: %s", photo, result.Reason)
	}
	// The geometry places the map where the network looked: in the crop.
	lit, err := render.Overlay(picture, result.Map(), in.Geometry, render.Torchlight{})
	if err != nil {
		return err
	}
	if err := render.WritePNG(overlay, lit); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s: %s %.3f -> %s\n", photo, result.Target.Label, result.Target.Probability, overlay)
	return err
}

// one explains the best class with Grad-CAM, at the card's layer or the last one
// with space in it. An explainer lives as long as the model and serves many
// goroutines; this program needs it once.
func one(ctx context.Context, m *torch.Module, c card.Card, in preprocess.Input) (result gradcam.Result, err error) {
	options, err := c.Options()
	if err != nil {
		return result, err
	}
	e, err := gradcam.New(m, append(options, gradcam.WithMethod(gradcam.GradCAM))...)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	results, err := e.Explain(ctx, in.Array(), gradcam.Top1())
	if err != nil {
		return result, err
	}
	return results[0], nil
}
