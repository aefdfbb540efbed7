package synthetic

import (
	"fmt"
	"hash/fnv"
	"iter"
	"math/rand/v2"
)

// Source files are at least minimum bytes long, and mean more on average. Those of real repositories are larger: whoever has to fetch and check
// out all of them is not made to look slow.
const (
	minimum = 400
	mean    = 1600
	maximum = 16 << 10
)

// folder is how many source files one folder holds.
const folder = 25

// filler yields the source files. The content is only valid until the next one.
func (o Options) filler() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		var content []byte
		for i := range o.Services {
			count := o.Filler / o.Services
			if i < o.Filler%o.Services {
				count++
			}
			for n := range count {
				file := fmt.Sprintf("%s/src/%s%02d/%s_%04d.go", ServiceDir(i), words[n/folder%len(words)], n/folder, words[n*7%len(words)], n)
				content = source(content[:0], file)
				if !yield(file, content) {
					return
				}
			}
		}
	}
}

var lines = []string{
	"\tif %[1]s == nil {\n\t\treturn nil, fmt.Errorf(\"%[2]s of %%s has no %[1]s: %%w\", %[3]s.Name, ErrInvalid)\n\t}\n",
	"\tfor _, %[1]s := range %[2]s.%[3]ss {\n\t\ttotal += %[1]s.Amount * %[4]d\n\t}\n",
	"\t%[1]s, err := s.%[2]sClient.Find%[3]s(ctx, %[2]s.ID)\n\tif err != nil {\n\t\treturn nil, fmt.Errorf(\"find %[3]s: %%w\", err)\n\t}\n",
	"\t// The %[1]s is written before the %[2]s: readers of a %[3]s must never see one without the other.\n",
	"\ts.metrics.Observe(\"%[1]s_%[2]s_seconds\", time.Since(start).Seconds(), %[4]d)\n",
	"\tswitch %[1]s.Status {\n\tcase %[2]sOpen, %[2]sPending:\n\t\treturn s.%[3]s(ctx, %[1]s)\n\t}\n",
	"}\n\n// %[1]s%[4]d returns the %[2]s of a %[3]s.\nfunc (s *Server) %[1]s%[4]d(ctx context.Context, %[3]s *%[3]s) (*%[2]s, error) {\n",
	"\tlimit := min(len(%[1]s.%[2]ss), %[4]d) // a page of the %[3]s service\n",
}

// source appends something like a source file to content. It compresses as such files do, about four to one.
func source(content []byte, file string) []byte {
	seed := fnv.New64a()
	seed.Write([]byte(file))
	random := rand.New(rand.NewPCG(seed.Sum64(), 1))
	word := func() string { return words[random.IntN(len(words))] }
	size := min(minimum+int(random.ExpFloat64()*mean), maximum)
	content = fmt.Appendf(content, "// Package %s is the %s of the %s.\npackage %[1]s\n\nfunc start() {\n", word(), word(), word())
	for len(content) < size {
		content = fmt.Appendf(content, lines[random.IntN(len(lines))]+"%.[5]s", word(), word(), word(), random.IntN(1000), "")
	}
	return append(content, "}\n"...)
}
