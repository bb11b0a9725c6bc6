package explain

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/card"
)

// way is one of the methods that explain the inputs.
type way struct {
	gradcam.Method
	options map[string]string // those that the user gave
}

// chooseMethods finds the methods by their names and gives them their options.
func (s *Session) chooseMethods() error {
	c := s.config
	methods, err := gradcam.ByNames(first(c.Method, s.card.Method, gradcam.GradCAM.Name()))
	if err != nil && c.Method != "" {
		return misuse{err}
	}
	if err != nil {
		return fmt.Errorf("%s: method: %w", card.Path(c.Model), err)
	}
	for _, method := range methods {
		s.ways = append(s.ways, &way{Method: method})
	}
	for _, option := range c.Options {
		if err := s.setOption(option); err != nil {
			return misuse{err}
		}
	}
	return nil
}

// setOption sets an option of every method that has it.
func (s *Session) setOption(option string) error {
	name, value, found := strings.Cut(option, "=")
	if !found || name == "" {
		return fmt.Errorf("option %q; give it as name=value", option)
	}
	var refused []error
	for _, w := range s.ways {
		method, err := gradcam.Configure(w.Method, name, value)
		switch {
		case err == nil:
			if w.options == nil {
				w.options = map[string]string{}
			}
			w.Method, w.options[name] = method, value
		case takes(w.Method, name):
			return err
		default:
			refused = append(refused, err)
		}
	}
	if len(refused) < len(s.ways) {
		return nil
	}
	texts := make([]string, len(refused))
	for i, err := range refused {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

func takes(m gradcam.Method, option string) bool {
	return slices.ContainsFunc(gradcam.Settings(m), func(s gradcam.Setting) bool { return s.Name == option })
}

// layered says that at least one of the methods explains a layer.
func (s *Session) layered() bool {
	return slices.ContainsFunc(s.ways, func(w *way) bool { return w.Needs().Layer })
}

// methodOptions are the explainer's that concern methods and what becomes of their
// maps.
func (s *Session) methodOptions() []gradcam.Option {
	c := s.config
	methods := make([]gradcam.Method, len(s.ways))
	for i, w := range s.ways {
		methods[i] = w.Method
	}
	options := []gradcam.Option{
		gradcam.WithMethods(methods...), gradcam.WithSeed(c.Seed), gradcam.WithProgress(c.Progress), gradcam.WithCompat(gradcam.Peer(c.Compat)),
	}
	if len(c.Save) > 0 {
		options = append(options, gradcam.WithObserver(s.observe))
	}
	if fusion, err := gradcam.ParseFusion(c.Fusion); err == nil { // checked before, "" is none
		options = append(options, gradcam.WithFusion(fusion))
	}
	if c.AugSmooth {
		options = append(options, gradcam.WithAugSmoothing())
	}
	if c.EigenSmooth {
		options = append(options, gradcam.WithEigenSmoothing())
	}
	if c.Input > 0 {
		options = append(options, gradcam.WithInput(c.Input))
	}
	if c.Memory > 0 {
		options = append(options, gradcam.WithMemory(c.Memory))
	}
	return options
}

// parseLayouts reads the layouts of so many layers.
func parseLayouts(texts []string, layers int) ([]gradcam.Layout, error) {
	if len(texts) > 1 && len(texts) != layers {
		return nil, misusef("%d layouts for %d layer(s); give one for all or one each", len(texts), layers)
	}
	var layouts []gradcam.Layout
	for _, text := range texts {
		l, err := gradcam.ParseLayout(text)
		if err != nil {
			return nil, misuse{err}
		}
		layouts = append(layouts, l)
	}
	return layouts, nil
}
