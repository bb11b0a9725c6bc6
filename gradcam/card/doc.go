// Package card reads model cards: the M.yaml beside M.pt that says what the
// network's file does not say about itself. How a photo becomes its input, what
// its output means, what its classes are called, and which layer and method to
// explain it with.
//
//	c, found, err := card.Find("model.pt")       // reads model.yaml, if there is one
//	err = c.CheckModel("model.pt")               // is it about this file?
//	in, err := c.Pipeline().Apply(photo)         // preprocessing
//	options, err := c.Options()                  // for gradcam.New
//
// docs/model-card.schema.json defines the format, docs/model-card.example.yaml
// shows it; tests hold this reader to both. Reading is strict: an unknown key, a
// value of another type or a contradiction is an error with its file, line, key
// and remedy. Files are bounded, aliases are refused, and nothing is executed.
package card
