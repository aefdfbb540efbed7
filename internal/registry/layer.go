package registry

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	passwd = "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n"
	group  = "root:x:0:\nnonroot:x:65532:\n"
)

// compression is part of the digest: never change it without need.
const compression = gzip.DefaultCompression

// entry is one file or folder of a layer.
type entry struct {
	name string // a folder ends with "/"
	mode int64
	text string
	path string // on disk, instead of text
}

// entries returns the files of the layer in the order in which they are written. Onto a base goes the binary alone.
func entries(binary, path string, scratch bool) []entry {
	all := []entry{{name: binary, mode: 0o755, path: path}}
	if scratch {
		all = append(all,
			entry{name: "etc/", mode: 0o755},
			entry{name: "etc/group", mode: 0o644, text: group},
			entry{name: "etc/passwd", mode: 0o644, text: passwd},
			entry{name: "tmp/", mode: 0o1777})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	return all
}

// newLayer returns the layer of the given files. Their content is read again whenever the layer is, to keep it out of memory.
func newLayer(files []entry, created time.Time) (v1.Layer, error) {
	opener := func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() { w.CloseWithError(writeTar(w, files, created)) }() // ends at the latest when the reader is closed
		return r, nil
	}
	return tarball.LayerFromOpener(opener, tarball.WithCompressionLevel(compression), tarball.WithMediaType(types.OCILayer),
		tarball.WithCompressedCaching)
}

func writeTar(w io.Writer, files []entry, created time.Time) error {
	tw := tar.NewWriter(w)
	for _, e := range files {
		if err := writeEntry(tw, e, created); err != nil {
			return fmt.Errorf("write %s to the image: %w", e.name, err)
		}
	}
	return tw.Close()
}

// writeEntry writes nothing of the machine it runs on: no owner, no time, no mode of the file on disk.
func writeEntry(tw *tar.Writer, e entry, created time.Time) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: e.name, Mode: e.mode, ModTime: created, Size: int64(len(e.text)),
		Format: tar.FormatUSTAR}
	if strings.HasSuffix(e.name, "/") {
		header.Typeflag = tar.TypeDir
	}
	var content io.Reader = strings.NewReader(e.text)
	if e.path != "" {
		f, err := os.Open(e.path)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		header.Size, content = info.Size(), f
	}
	if err := tw.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(tw, content)
	return err
}
