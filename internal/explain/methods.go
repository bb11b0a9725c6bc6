package explain

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/card"
)

// chooseMethods finds the methods by their names and gives them their options.
func (s *Session) chooseMethods() error {
	c := s.config
	for _, name := range strings.Split(first(c.Method, s.card.Method, gradcam.GradCAM.Name()), ",") {
		method, err := gradcam.ByName(strings.TrimSpace(name))
		if err != nil && c.Method != "" {
			return misuse{err}
		}
		if err != nil {
			return fmt.Errorf("%s: method: %w", card.Path(c.Model), err)
		}
		if slices.Contains(s.methods, method.Name()) {
			return misusef("method %s is named twice; name it once", method.Name())
		}
		s.methods = append(s.methods, method.Name())
		s.recorders = append(s.recorders, &recorder{Method: method, save: c.Save})
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
	for _, r := range s.recorders {
		if !takes(r.Method, name) {
			_, err := gradcam.Configure(r.Method, name, value)
			refused = append(refused, err)
			continue
		}
		method, err := gradcam.Configure(r.Method, name, value)
		if err != nil {
			return err
		}
		options := map[string]string{name: value}
		maps.Copy(options, r.options)
		options[name] = value
		r.Method, r.options = method, options
	}
	if len(refused) < len(s.recorders) {
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

// methodOptions are the explainer's that concern methods and what becomes of their
// maps.
func (s *Session) methodOptions() []gradcam.Option {
	c := s.config
	methods := make([]gradcam.Method, len(s.recorders))
	for i, r := range s.recorders {
		methods[i] = r
	}
	options := []gradcam.Option{
		gradcam.WithMethods(methods...), gradcam.WithSeed(c.Seed), gradcam.WithProgress(c.Progress), gradcam.WithCompat(gradcam.Peer(c.Compat)),
	}
	if fusion, err := gradcam.ParseFusion(c.Fusion); err == nil { // checked before, "" is none
		options = append(options, gradcam.WithFusion(fusion))
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
