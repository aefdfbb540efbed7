package strictyaml_test

import (
	"bytes"
	"testing"

	"go.yaml.in/yaml/v3"
)

// FuzzDecode: what we accept, the decoder accepts with KnownFields too. Nothing panics.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"name: a\nport: 1\n", "nmae: a\n", "probe: !!null {paht: /}\n", "extra: &name zzz\n*name : 1\n", "!!binary name: 1\n", "<<: {name: a}\n",
		"tags: &a [*a]\n", "a: b: c", "labels: {? [a] : b}\n", "--- !!map\nname: !!str 1\n", "{name: a, ? !x name : b}", "timeout: {a: b}\n", "%TAG ! tag:x,2:\n---\n!y name: a\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := decode(string(data)); err != nil {
			if err.Error() == "" {
				t.Error("an error without a message")
			}
			return
		}
		decoder := yaml.NewDecoder(bytes.NewReader(data))
		decoder.KnownFields(true)
		var err error
		for range 100 { // empty documents before the one that counts
			var s service
			if err = decoder.Decode(&s); err != nil || !isEmpty(s) {
				break
			}
		}
		if err != nil && err.Error() != "EOF" {
			t.Errorf("accepted %q, where yaml says %v", data, err)
		}
	})
}

func isEmpty(s service) bool {
	return s.Name == "" && s.Owner == "" && s.Probe == nil && s.Extra == nil && s.Tags == nil && s.Labels == nil
}
