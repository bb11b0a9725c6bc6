package card

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrChecksum says that a card belongs to another model's file.
var ErrChecksum = errors.New("the model card belongs to another file")

// CheckModel compares a model's file with the card's checksum. A card without
// one fits every file.
func (c Card) CheckModel(path string) error {
	if c.SHA256 == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("model: %s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != c.SHA256 {
		return fmt.Errorf("%s: %w: its SHA-256 is %s, the card says %s: export both again, or correct sha256", path, ErrChecksum, sum, c.SHA256)
	}
	return nil
}
