package torch

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// A TorchScript file is a zip whose single folder holds data.pkl,
// constants.pkl, code/ and version. libtorch reads it without looking at the
// checksums, and says little when it is something else; so the archive is
// looked at first.

// codeLimit bounds what an archive unpacks to beyond its own size: the source
// text of a model, which is small even for large networks. Weights are stored,
// not deflated.
const codeLimit = 64 << 20

// inspect finds out why libtorch could not or should not load the file.
func inspect(r io.ReaderAt, size int64, name string, checksums bool) error {
	fail := func(kind error, fix, format string, a ...any) error {
		return &Error{Kind: kind, About: name, Reason: fmt.Sprintf(format, a...), Fix: fix}
	}
	const export = "export the module with scripts/export.py, or torch.jit.save"
	if size == 0 {
		return fail(ErrNotTorchScript, "copy or export it again", "the file is empty")
	}
	start := make([]byte, min(size, 4))
	if _, err := r.ReadAt(start, 0); err != nil {
		return fmt.Errorf("torch: %s: %w", name, err)
	}
	if !bytes.HasPrefix(start, []byte("PK")) {
		if start[0] == 0x80 {
			return fail(ErrStateDict, export, "a pickle, not a TorchScript file")
		}
		return fail(ErrNotTorchScript, export, "no zip archive, so no TorchScript file")
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return fail(ErrCorrupt, "copy or export it again", "the archive is truncated or damaged (%v)", err)
	}
	var pickle, constants, code, exported bool
	room := uint64(size) + codeLimit
	for _, f := range z.File {
		if f.UncompressedSize64 > room {
			return fail(ErrCorrupt, "load only files you trust", "its entries would unpack to more than %d MB beyond its size", codeLimit>>20)
		}
		room -= f.UncompressedSize64
		_, inner, _ := strings.Cut(f.Name, "/")
		switch {
		case inner == "data.pkl":
			pickle = true
		case inner == "constants.pkl":
			constants = true
		case strings.HasPrefix(inner, "code/"):
			code = true
		case path.Base(f.Name) == "serialized_exported_program.json" || strings.HasPrefix(inner, "models/"):
			exported = true
		}
	}
	switch {
	case exported:
		return fail(ErrNotTorchScript, "export it with torch.jit.script or torch.jit.trace", "a torch.export program, which this version cannot run")
	case pickle && !(constants || code):
		return fail(ErrStateDict, export, "weights or a pickled module without code")
	case !pickle || !constants:
		return fail(ErrNotTorchScript, export, "a zip archive without data.pkl and constants.pkl")
	}
	if checksums {
		return verify(z, name)
	}
	return nil
}

// verify compares every entry with its CRC-32.
func verify(z *zip.Reader, name string) error {
	for _, f := range z.File {
		r, err := f.Open()
		if err == nil {
			_, err = io.Copy(io.Discard, r)
			r.Close()
		}
		if err == nil {
			continue
		}
		reason := fmt.Sprintf("entry %s cannot be read (%v)", f.Name, err)
		if errors.Is(err, zip.ErrChecksum) {
			reason = fmt.Sprintf("the checksum of %s is wrong", f.Name)
		}
		return &Error{Kind: ErrCorrupt, About: name, Reason: reason,
			Fix: "copy or export it again; torch.WithoutChecksums accepts files saved with compute_crc32=False"}
	}
	return nil
}
