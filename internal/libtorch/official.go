package libtorch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// newClient gives up quickly on a site that cannot be reached: another source
// comes after it.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 10 * time.Second,
	}}
}

// fetchOfficial downloads the CPU build of pytorch.org.
func (f *Finder) fetchOfficial(ctx context.Context, p pins, dir string) ([]string, error) {
	if p.official.url == "" {
		return nil, errAbsent
	}
	where, err := url.Parse(p.official.url)
	if err != nil {
		return nil, fmt.Errorf("libtorch: %w", err)
	}
	f.Log("libtorch: downloading the CPU build of torch %s from %s (about 200 MB)", Version, where.Host)
	path := filepath.Join(dir, filepath.Base(where.Path))
	if err := f.get(ctx, p.official, path); err != nil {
		return nil, fmt.Errorf("libtorch: no CPU build from there: %w", err)
	}
	return []string{path}, nil
}

// get downloads one file and checks its sum.
func (f *Finder) get(ctx context.Context, a archive, path string) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url, nil)
	if err != nil {
		return err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", a.url, resp.Status)
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	alarm := time.AfterFunc(f.stall, func() { cancel(fmt.Errorf("no data for %v", f.stall)) })
	defer alarm.Stop()
	sum := sha256.New()
	body := &watched{resp.Body, func() { alarm.Reset(f.stall) }}
	if _, err := io.Copy(io.MultiWriter(out, sum), body); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("%s: %w", a.url, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != a.sha256 {
		return fmt.Errorf("%s: its sha256 is %s where %s was expected: not used", a.url, got, a.sha256)
	}
	return nil
}

// watched calls alive with every piece that arrives.
type watched struct {
	io.Reader
	alive func()
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	if n > 0 {
		w.alive()
	}
	return n, err
}
