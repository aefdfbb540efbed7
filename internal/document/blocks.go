package document

import (
	"bytes"
	"strings"
)

// dialect is what the formats of keys, blocks and lists differ in.
type dialect int

const (
	anyFormat dialect = iota
	hcl
	toml
)

// blockReader reads the keys and blocks of a text, and passes over everything else.
type blockReader struct {
	data    []byte
	at      int
	dialect dialect
	depth   int
}

func readBlocks(data []byte, d dialect) []*entry {
	r := &blockReader{data: data, dialect: d}
	if d == toml {
		return r.tables()
	}
	var entries []*entry
	for r.at < len(data) {
		entries = append(entries, r.body()...)
		r.at++ // a closing bracket too many
	}
	if r.dialect == anyFormat && len(entries) == 1 && len(entries[0].names) == 0 {
		return entries[0].children // { … } around everything
	}
	return entries
}

// tables reads a TOML file: the fields before the first header, and tables.
func (r *blockReader) tables() []*entry {
	root := &entry{children: r.body()}
	for r.at < len(r.data) {
		start := r.at
		repeated := bytes.HasPrefix(r.data[r.at:], []byte("[["))
		r.at++
		if repeated {
			r.at++
		}
		names := r.names()
		for r.at < len(r.data) && r.data[r.at] != '\n' {
			r.at++
		}
		parent, rest := root.table(names)
		e := &entry{names: rest, repeated: repeated, offset: start}
		parent.children = append(parent.children, e)
		if repeated {
			parent.last(rest, e)
		}
		e.children = r.body()
	}
	return root.children
}

// table returns the last [[table]] that a header continues, and the names that are left of the header.
func (e *entry) table(names []string) (*entry, []string) {
	for n := 1; n < len(names); n++ {
		if table := e.tables[strings.Join(names[:n], "\x00")]; table != nil {
			return table.table(names[n:])
		}
	}
	return e, names
}

func (e *entry) last(names []string, table *entry) {
	if e.tables == nil {
		e.tables = make(map[string]*entry)
	}
	e.tables[strings.Join(names, "\x00")] = table
}

// body reads statements up to a closing bracket, which it leaves, or in TOML up to the next header.
func (r *blockReader) body() []*entry {
	var entries []*entry
	for {
		r.skip(" \t\r\n,;")
		if r.at >= len(r.data) || strings.IndexByte("}])", r.data[r.at]) >= 0 {
			return entries
		}
		if r.dialect == toml && r.depth == 0 && r.data[r.at] == '[' {
			return entries
		}
		start := r.at
		e := &entry{offset: start, names: r.names()}
		r.skip(" \t")
		switch c := r.peek(); {
		case c == '{' && r.dialect != toml:
			e.repeated = r.dialect == hcl
			e.children = r.nested((*blockReader).body)
			entries = append(entries, e)
		case (c == '=' || c == ':') && len(e.names) > 0:
			r.at++
			r.expression(e, "\n,;")
			entries = append(entries, e)
		case len(e.names) > 0:
			r.expression(e, "\n,;")
			e.names = e.names[:1]
			entries = append(entries, e)
		default:
			r.expression(e, "\n,;")
		}
		r.at = max(r.at, min(start+1, len(r.data)))
	}
}

// expression passes over a value up to one of the characters that end it, or a closing bracket. It keeps the fields and items of the value.
func (r *blockReader) expression(e *entry, ends string) {
	for r.at < len(r.data) {
		r.skip(" \t\r")
		switch c := r.peek(); {
		case c == 0 && r.at >= len(r.data), strings.IndexByte(ends, c) >= 0, c == '}' || c == ']' || c == ')':
			return
		case c == '{':
			e.children = append(e.children, r.nested((*blockReader).body)...)
		case c == '[':
			e.children = append(e.children, r.nested((*blockReader).items)...)
		case c == '(':
			r.nested((*blockReader).body)
		case r.isQuote(c):
			r.text()
		case c == '<' && r.dialect == hcl && r.heredoc():
		default:
			r.at++
		}
	}
}

// items reads the items of a list up to its closing bracket.
func (r *blockReader) items() []*entry {
	var entries []*entry
	for {
		r.skip(" \t\r\n,")
		if r.at >= len(r.data) || strings.IndexByte("}])", r.data[r.at]) >= 0 {
			return entries
		}
		e := &entry{item: true, offset: r.at}
		r.expression(e, ",")
		r.at = max(r.at, min(e.offset+1, len(r.data)))
		entries = append(entries, e)
	}
}

// nested reads what is in brackets, the brackets included.
func (r *blockReader) nested(read func(*blockReader) []*entry) []*entry {
	r.at++
	if r.depth >= maxDepth {
		r.at = len(r.data) // nobody writes this
		return nil
	}
	r.depth++
	entries := read(r)
	r.depth--
	r.at = min(r.at+1, len(r.data))
	return entries
}

// names reads keys and labels: a.b = 1 has two in TOML, resource "a" "b" { has three.
func (r *blockReader) names() []string {
	var names []string
	for {
		start := r.at
		r.skip(" \t")
		if r.dialect == toml && len(names) > 0 {
			if r.peek() != '.' {
				return names
			}
			r.at++
			r.skip(" \t")
		}
		begin := r.at
		switch c := r.peek(); {
		case r.isQuote(c):
			r.text()
			names = append(names, unquote(string(r.data[begin:r.at])))
		case r.isName(c):
			for r.isName(r.peek()) && !r.comment() {
				r.at++
			}
			names = append(names, string(r.data[begin:r.at]))
		default:
			r.at = start
			return names
		}
	}
}

func (r *blockReader) isName(c byte) bool {
	return c > ' ' && strings.IndexByte("{}[]()=:,;\"'`#<>?!|&", c) < 0 && (c != '.' || r.dialect != toml)
}

func (r *blockReader) peek() byte {
	if r.at >= len(r.data) {
		return 0
	}
	return r.data[r.at]
}
