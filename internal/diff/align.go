package diff

// both are the places of an item in two lists; -1 where a list lacks it.
type both struct{ a, b int }

// maxCells bounds the table of align: above it everything between a common start and a common end counts as replaced.
const maxCells = 1 << 20

// align pairs the equal items of two lists so that the fewest are left over, in the order of both.
func align[T any](a, b []T, equal func(T, T) bool) []both {
	var pairs []both
	start := 0
	for start < len(a) && start < len(b) && equal(a[start], b[start]) {
		pairs = append(pairs, both{start, start})
		start++
	}
	endA, endB := len(a), len(b)
	for endA > start && endB > start && equal(a[endA-1], b[endB-1]) {
		endA--
		endB--
	}
	pairs = append(pairs, middle(a[start:endA], b[start:endB], start, equal)...)
	for ; endA < len(a); endA, endB = endA+1, endB+1 {
		pairs = append(pairs, both{endA, endB})
	}
	return pairs
}

// middle aligns by the longest common subsequence.
func middle[T any](a, b []T, offset int, equal func(T, T) bool) []both {
	n, m := len(a), len(b)
	longest := make([][]int, n+1) // of a[i:] and b[j:]
	if n*m > maxCells {
		equal = func(T, T) bool { return false }
		longest = nil
	}
	for i := len(longest) - 1; i >= 0; i-- {
		longest[i] = make([]int, m+1)
		for j := m - 1; i < n && j >= 0; j-- {
			if equal(a[i], b[j]) {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var pairs []both
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && equal(a[i], b[j]):
			pairs = append(pairs, both{offset + i, offset + j})
			i, j = i+1, j+1
		case j == m || i < n && (longest == nil || longest[i+1][j] >= longest[i][j+1]):
			pairs = append(pairs, both{offset + i, -1})
			i++
		default:
			pairs = append(pairs, both{-1, offset + j})
			j++
		}
	}
	return pairs
}

// zip pairs the items that went with those that came in their place, so that an edited item is one change.
func zip(pairs []both) []both {
	var zipped []both
	for i := 0; i < len(pairs); {
		var gone, came []both
		for ; i < len(pairs) && (pairs[i].a < 0 || pairs[i].b < 0); i++ {
			if pairs[i].b < 0 {
				gone = append(gone, pairs[i])
			} else {
				came = append(came, pairs[i])
			}
		}
		for k := range max(len(gone), len(came)) {
			switch {
			case k >= len(came):
				zipped = append(zipped, gone[k])
			case k >= len(gone):
				zipped = append(zipped, came[k])
			default:
				zipped = append(zipped, both{gone[k].a, came[k].b})
			}
		}
		if i < len(pairs) {
			zipped = append(zipped, pairs[i])
			i++
		}
	}
	return zipped
}
