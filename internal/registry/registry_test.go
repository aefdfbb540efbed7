package registry_test

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/org/platform/internal/registry"
	"github.com/org/platform/internal/testkit"
)

// binary writes a file that stands for a built one. Its mode and time on disk are chosen not to be those in the image.
func binary(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "built")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func options(t *testing.T, host string, platforms ...string) registry.Options {
	t.Helper()
	opts := registry.Options{Repository: host + "/org/hello", Name: "hello"}
	for _, arch := range platforms {
		opts.Artifacts = append(opts.Artifacts, registry.Artifact{OS: "linux", Arch: arch, Path: binary(t, "binary for "+arch)})
	}
	return opts
}

func push(t *testing.T, opts registry.Options) *registry.Image {
	t.Helper()
	image, err := registry.Push(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func reference(t *testing.T, s string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(s)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// pull reads an image back and checks that all its parts agree with their digests.
func pull(t *testing.T, ref string) v1.Image {
	t.Helper()
	img, err := remote.Image(reference(t, ref))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img); err != nil {
		t.Fatal(err)
	}
	return img
}

type file struct {
	header  *tar.Header
	content string
}

func files(t *testing.T, layer v1.Layer) (order []string, all map[string]file) {
	t.Helper()
	r, err := layer.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all = map[string]file{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return order, all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		order, all[h.Name] = append(order, h.Name), file{h, string(content)}
	}
}

func TestPushedImageCanBePulled(t *testing.T) {
	t.Parallel()
	server := testkit.Registry(t)
	opts := options(t, server.Host, "amd64")
	opts.Env = map[string]string{"B": "2", "A": "1"}
	opts.Labels = map[string]string{"org.opencontainers.image.title": "hello"}
	opts.Ports = []int{8080}
	opts.Tags = []string{"v1", "latest"}
	opts.Created = time.Unix(1700000000, 5)
	image := push(t, opts)
	if !image.Pushed || image.MediaType != string(types.OCIManifestSchema1) || !slices.Equal(image.Platforms, []string{"linux/amd64"}) {
		t.Errorf("image %+v", image)
	}

	img := pull(t, image.Reference())
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	created := time.Unix(1700000000, 0).UTC()
	c := config.Config
	if config.OS != "linux" || config.Architecture != "amd64" || !config.Created.Equal(created) || c.User != "65532:65532" || c.WorkingDir != "/" ||
		!slices.Equal(c.Entrypoint, []string{"/hello"}) || !slices.Equal(c.Env, []string{"A=1", "B=2"}) || !maps.Equal(c.Labels, opts.Labels) {
		t.Errorf("config %+v", config)
	}
	if _, ok := c.ExposedPorts["8080/tcp"]; !ok || len(c.ExposedPorts) != 1 {
		t.Errorf("ports %v", c.ExposedPorts)
	}
	checkRootfs(t, img, created)
	checkSize(t, img, image)
	for _, tag := range opts.Tags {
		if got, err := registry.Resolve(t.Context(), image.Repository+":"+tag, registry.Auth{}); err != nil || got != image.Digest {
			t.Errorf("tag %s: %s, %v", tag, got, err)
		}
	}
}

func checkRootfs(t *testing.T, img v1.Image, created time.Time) {
	t.Helper()
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	if mt, err := layers[0].MediaType(); err != nil || mt != types.OCILayer {
		t.Errorf("layer type %s, %v", mt, err)
	}
	order, all := files(t, layers[0])
	if want := []string{"etc/", "etc/group", "etc/passwd", "hello", "tmp/"}; !slices.Equal(order, want) {
		t.Errorf("entries %v, want %v", order, want)
	}
	modes := map[string]int64{"etc/": 0o755, "etc/group": 0o644, "etc/passwd": 0o644, "hello": 0o755, "tmp/": 0o1777}
	for entry, f := range all {
		h := f.header
		if h.Mode != modes[entry] || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(created) {
			t.Errorf("%s: mode %o, owner %d:%d %q:%q, time %s", entry, h.Mode, h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime)
		}
	}
	if all["hello"].content != "binary for amd64" {
		t.Errorf("the binary became %q", all["hello"].content)
	}
	if !strings.Contains(all["etc/passwd"].content, "nonroot:x:65532:65532:") || !strings.Contains(all["etc/group"].content, "nonroot:x:65532:") {
		t.Errorf("passwd %q, group %q", all["etc/passwd"].content, all["etc/group"].content)
	}
}

func checkSize(t *testing.T, img v1.Image, image *registry.Image) {
	t.Helper()
	manifest, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	want := int64(len(manifest) + len(config))
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			t.Fatal(err)
		}
		want += size
	}
	if image.Size != want {
		t.Errorf("size %d, want %d", image.Size, want)
	}
}

func TestSeveralPlatformsMakeAnIndex(t *testing.T) {
	t.Parallel()
	server := testkit.Registry(t)
	image := push(t, options(t, server.Host, "arm64", "amd64"))
	if image.MediaType != string(types.OCIImageIndex) || !slices.Equal(image.Platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("image %+v", image)
	}
	index, err := remote.Index(reference(t, image.Reference()))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 2 {
		t.Fatalf("manifest %+v, %v", manifest, err)
	}
	for i, m := range manifest.Manifests {
		if m.MediaType != types.OCIManifestSchema1 || m.Platform.String() != image.Platforms[i] {
			t.Errorf("entry %d: %s for %s", i, m.MediaType, m.Platform)
		}
		img, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		layers, err := img.Layers()
		if err != nil {
			t.Fatal(err)
		}
		if _, all := files(t, layers[0]); all["hello"].content != "binary for "+m.Platform.Architecture {
			t.Errorf("%s holds %q", m.Platform, all["hello"].content)
		}
	}
}

func TestImageIsReproducible(t *testing.T) {
	t.Parallel()
	make1 := func(change func(*registry.Options)) string {
		opts := options(t, "registry.example.com", "amd64", "arm64")
		opts.Env, opts.Labels = map[string]string{"A": "1", "B": "2", "C": "3"}, map[string]string{"x": "1", "y": "2"}
		opts.Ports = []int{80, 8080}
		change(&opts)
		image, err := registry.Build(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		return image.Digest
	}
	first := make1(func(*registry.Options) {})
	same := map[string]func(*registry.Options){
		"again": func(*registry.Options) {},
		"another order": func(o *registry.Options) {
			slices.Reverse(o.Artifacts)
			slices.Reverse(o.Ports)
		},
		"other tags and place": func(o *registry.Options) { o.Tags, o.Repository = []string{"v2"}, "other.example.com/x" },
		"epoch said":           func(o *registry.Options) { o.Created = time.Unix(0, 0).In(time.FixedZone("x", 3600)) },
	}
	for what, change := range same {
		if got := make1(change); got != first {
			t.Errorf("%s: %s, want %s", what, got, first)
		}
	}
	for what, change := range map[string]func(*registry.Options){
		"time":   func(o *registry.Options) { o.Created = time.Unix(1, 0) },
		"label":  func(o *registry.Options) { o.Labels = nil },
		"binary": func(o *registry.Options) { o.Artifacts[0].Path = binary(t, "other") },
	} {
		if got := make1(change); got == first {
			t.Errorf("another %s gives the same digest", what)
		}
	}
}

func TestPushSendsTagsLastAndNothingTwice(t *testing.T) {
	t.Parallel()
	server := testkit.Registry(t)
	opts := options(t, server.Host, "amd64", "arm64")
	opts.Tags = []string{"v1"}
	push(t, opts)
	seen := server.Requests()
	if last := seen[len(seen)-1]; last != "PUT /v2/org/hello/manifests/v1" {
		t.Errorf("the last request is %s, not the tag", last)
	}
	// Uploading blobs ends before the index, which goes by digest, before the tag.
	tagged := slices.Index(seen, "PUT /v2/org/hello/manifests/v1")
	for i, r := range seen {
		if strings.Contains(r, "/blobs/uploads/") && i > tagged {
			t.Errorf("%s after the tag", r)
		}
	}

	again := push(t, opts)
	if again.Pushed {
		t.Error("says that it pushed what was there")
	}
	seen = server.Requests()
	for _, r := range seen {
		if !strings.HasPrefix(r, "GET /v2/") && !strings.HasPrefix(r, "HEAD ") {
			t.Errorf("the second push sends %s", r)
		}
	}
	if len(seen) > 3 { // the greeting, the digest, the tag
		t.Errorf("the second push takes %d requests: %v", len(seen), seen)
	}

	opts.Tags = []string{"v2"}
	if third := push(t, opts); third.Pushed {
		t.Error("a new tag is not a new image")
	}
	if got := slices.DeleteFunc(server.Requests(), func(r string) bool { return !strings.HasPrefix(r, "PUT ") }); len(got) != 1 ||
		got[0] != "PUT /v2/org/hello/manifests/v2" {
		t.Errorf("a new tag sends %v", got)
	}
}

func TestFailedUploadLeavesNoTag(t *testing.T) {
	t.Parallel()
	server := testkit.Registry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/blobs/uploads/") {
				http.Error(w, "disk full", http.StatusInsufficientStorage)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	opts := options(t, server.Host, "amd64")
	opts.Tags = []string{"v1"}
	if _, err := registry.Push(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "push to "+opts.Repository) {
		t.Errorf("error %v", err)
	}
	if _, err := registry.Resolve(t.Context(), opts.Repository+":v1", registry.Auth{}); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
}

// pushBase pushes an image in Docker's older format for each platform, and returns repository@digest of their index.
func pushBase(t *testing.T, host string, platforms ...string) string {
	t.Helper()
	index := v1.ImageIndex(empty.Index)
	for _, arch := range platforms {
		var layer bytes.Buffer
		tw := tar.NewWriter(&layer)
		if err := tw.WriteHeader(&tar.Header{Name: "etc/ssl/certs/ca.pem", Mode: 0o644, Size: 2}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte("ca")); err != nil {
			t.Fatal(err)
		}
		if err := tw.Close(); err != nil {
			t.Fatal(err)
		}
		ca, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil })
		if err != nil {
			t.Fatal(err)
		}
		img, err := mutate.Append(empty.Image, mutate.Addendum{Layer: ca, History: v1.History{CreatedBy: "base " + arch}})
		if err != nil {
			t.Fatal(err)
		}
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		config = config.DeepCopy()
		config.OS, config.Architecture = "linux", arch
		config.Config = v1.Config{Env: []string{"PATH=/bin", "A=base"}, Cmd: []string{"sh"}, Labels: map[string]string{"base": "x"}}
		if img, err = mutate.ConfigFile(img, config); err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	repo := host + "/bases/static"
	if err := remote.WriteIndex(reference(t, repo+":v1"), index); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return repo + ":v1@" + digest.String()
}

func TestBaseImage(t *testing.T) {
	t.Parallel()
	server := testkit.Registry(t)
	opts := options(t, server.Host, "arm64")
	opts.Base = pushBase(t, server.Host, "amd64", "arm64")
	opts.Env = map[string]string{"A": "1", "Z": "2"}
	image := push(t, opts)
	img := pull(t, image.Reference())
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config
	if config.Architecture != "arm64" || !slices.Equal(c.Env, []string{"PATH=/bin", "A=1", "Z=2"}) || c.Cmd != nil || c.Labels != nil ||
		len(config.History) != 2 || config.History[0].CreatedBy != "base arm64" {
		t.Errorf("config %+v", config)
	}
	manifest, err := img.Manifest()
	if err != nil || len(manifest.Layers) != 2 {
		t.Fatalf("manifest %+v, %v", manifest, err)
	}
	if manifest.Layers[0].MediaType != types.OCILayer || manifest.Config.MediaType != types.OCIConfigJSON {
		t.Errorf("media types %s and %s are not OCI's", manifest.Layers[0].MediaType, manifest.Config.MediaType)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if order, _ := files(t, layers[1]); !slices.Equal(order, []string{"hello"}) {
		t.Errorf("the layer over a base holds %v, want the binary alone", order)
	}
	if order, _ := files(t, layers[0]); !slices.Equal(order, []string{"etc/ssl/certs/ca.pem"}) {
		t.Errorf("the base holds %v", order)
	}
}

func TestBaseImageIsChecked(t *testing.T) {
	t.Parallel()
	server := testkit.Registry(t)
	pinned := pushBase(t, server.Host, "amd64")
	repo, digest, _ := strings.Cut(pinned, ":v1@")
	for base, want := range map[string]string{
		repo + ":v1":                         "a tag can move: write " + pinned,
		repo + ":v2":                         "its digest cannot be read: resolve " + repo + ":v2: the registry has no such image",
		pinned:                               "it has no image for linux/arm64, only for linux/amd64",
		repo + "@sha256:abc":                 "is not a reference",
		"Not A Name":                         "is not a reference",
		repo + "@" + strings.Repeat("0", 3):  "is not a reference",
		repo + "/none@" + digest:             "(404)",
		repo + "@sha256:" + hexZeros(digest): "(404)",
		"127.0.0.1:1/none@" + digest:         "127.0.0.1:1 refuses connections",
	} {
		opts := options(t, server.Host, "arm64")
		opts.Base = base
		if _, err := registry.Build(t.Context(), opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("base %s: error %v, want %q", base, err, want)
		}
	}
}

func hexZeros(digest string) string {
	return hex.EncodeToString(make([]byte, len(strings.TrimPrefix(digest, "sha256:"))/2))
}
