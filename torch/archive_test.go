package torch_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

type entry struct {
	name   string
	size   int // that the directory claims
	method uint16
}

// archive packs entries of zeros. A deflated entry holds a few bytes whatever it
// claims, as a bomb does.
func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		body := make([]byte, min(e.size, 100))
		if e.method == zip.Store {
			body = make([]byte, e.size)
		}
		if e.size == len(body) {
			w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: e.method})
			require.NoError(t, err)
			_, err = w.Write(body)
			require.NoError(t, err)
			continue
		}
		w, err := z.CreateRaw(&zip.FileHeader{Name: e.name, Method: e.method, CompressedSize64: uint64(len(body)), UncompressedSize64: uint64(e.size)})
		require.NoError(t, err)
		_, err = w.Write(body)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// Archives are judged by what they hold, before libtorch sees them.
func TestArchives(t *testing.T) {
	model := []entry{{"m/data.pkl", 10, zip.Store}, {"m/constants.pkl", 10, zip.Store}, {"m/code/a.py", 10, zip.Deflate}}
	for name, c := range map[string]struct {
		entries []entry
		kind    error
		part    string
	}{
		"a model":           {entries: model},
		"big stored weight": {entries: append(model, entry{"m/data/0", 70 << 20, zip.Store})},
		"code bomb":         {append(model, entry{"m/code/b.py", 65 << 20, zip.Deflate}), torch.ErrCorrupt, "unpack to more than 64 MB"},
		"bomb elsewhere":    {append(model, entry{"m/data/0", 65 << 20, zip.Deflate}), torch.ErrCorrupt, "load only files you trust"},
		"many small bombs":  {append(model, many(70, entry{"m/extra/%d", 1 << 20, zip.Deflate})...), torch.ErrCorrupt, "unpack"},
		"weights":           {[]entry{{"m/data.pkl", 10, zip.Store}, {"m/data/0", 10, zip.Store}}, torch.ErrStateDict, "scripts/export.py"},
		"exported program":  {[]entry{{"m/serialized_exported_program.json", 10, zip.Store}}, torch.ErrNotTorchScript, "torch.export"},
		"exported archive":  {[]entry{{"m/models/model.json", 10, zip.Store}, {"m/data.pkl", 1, zip.Store}}, torch.ErrNotTorchScript, "torch.export"},
		"no folder":         {[]entry{{"data.pkl", 10, zip.Store}, {"constants.pkl", 10, zip.Store}}, torch.ErrNotTorchScript, "without data.pkl"},
		"a document":        {[]entry{{"word/document.xml", 10, zip.Deflate}}, torch.ErrNotTorchScript, "without data.pkl"},
		"nothing":           {nil, torch.ErrNotTorchScript, "without data.pkl"},
	} {
		t.Run(name, func(t *testing.T) {
			data := archive(t, c.entries...)
			err := torch.Inspect(bytes.NewReader(data), int64(len(data)), "upload", true)
			if c.kind == nil {
				require.NoError(t, err)
				return
			}
			requireError(t, err, c.kind, "upload", c.part)
		})
	}
}

func many(n int, e entry) (out []entry) {
	for i := range n {
		out = append(out, entry{fmt.Sprintf(e.name, i), e.size, e.method})
	}
	return out
}

// Every flipped byte of a record is found, and each cut end of a file.
func TestDamage(t *testing.T) {
	whole := archive(t, entry{"m/data.pkl", 40, zip.Store}, entry{"m/constants.pkl", 40, zip.Store}, entry{"m/code/a.py", 40, zip.Deflate})
	require.NoError(t, torch.Inspect(bytes.NewReader(whole), int64(len(whole)), "m.pt", true))
	for n := range whole {
		err := torch.Inspect(bytes.NewReader(whole[:n]), int64(n), "m.pt", true)
		require.Error(t, err, "cut to %d bytes", n)
	}
	at := bytes.Index(whole, make([]byte, 40))
	require.Positive(t, at)
	for i := range 40 {
		damaged := bytes.Clone(whole)
		damaged[at+i] ^= 0x10
		requireError(t, torch.Inspect(bytes.NewReader(damaged), int64(len(damaged)), "m.pt", true), torch.ErrCorrupt, "checksum of m/data.pkl")
		require.NoError(t, torch.Inspect(bytes.NewReader(damaged), int64(len(damaged)), "m.pt", false))
	}
}
