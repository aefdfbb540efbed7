package render

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// servedQuery ends the query of every remote base we let kustomize fetch. Submodules could come from anywhere, so they are
// left out. The control character keeps kustomize from first trying to GET an https base as if it were a file: it makes the
// entry no URL, while git is only given the part before the query.
const servedQuery = "&submodules=false&\x01"

var (
	remoteScheme = regexp.MustCompile(`(?i)^(?:git::)?(?:ssh|https?|file)://`)
	remoteUser   = regexp.MustCompile(`^(?i:git::)?[a-zA-Z][a-zA-Z0-9-]*@`)
	remoteGitHub = regexp.MustCompile(`(?i)^(?:git::)?github\.com[/:]`)
	fullCommit   = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// isRemote reports whether kustomize may take an entry of resources, bases or components for something to fetch. Where its own
// parser would give up late (no host, a path that exits the repository) we still say yes: refusing is the safe side.
func isRemote(entry string) bool {
	if isHTTP(entry) || remoteScheme.MatchString(entry) || remoteGitHub.MatchString(entry) {
		return true
	}
	user := remoteUser.FindString(entry)
	if user == "" {
		return false
	}
	// host:path or host/path, where a path needs two segments or a mark of where the repository ends
	address, _, _ := strings.Cut(entry[len(user):], "?")
	separator := strings.IndexAny(address, ":/")
	if separator < 0 {
		return false
	}
	repository := address[separator+1:]
	return strings.Contains(repository, "/") || strings.Contains(repository, ".git")
}

// isHTTP reports whether kustomize gets an entry by HTTP wherever it wants a file.
func isHTTP(entry string) bool {
	u, err := url.Parse(entry)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https")
}

// admit returns a remote base as kustomize shall see it, or why it is refused and the way out.
func admit(prefixes []string, entry string) (served, message, fix string) {
	address, query, _ := strings.Cut(entry, "?")
	switch values, err := url.ParseQuery(query); {
	case !slices.ContainsFunc(prefixes, func(p string) bool { return covers(p, address) }):
		return "", fmt.Sprintf("%q is a remote base, which would be fetched over the network", entry),
			"copy it into the repository, or allow its prefix in platform.yaml spec.render.remoteBases and pin it with ?ref=<commit>"
	case strings.HasPrefix(strings.ToLower(address), "http://"):
		return "", fmt.Sprintf("%q is fetched in the clear", entry), "use https, or copy it into the repository"
	case err != nil || !fullCommit.MatchString(values.Get("ref")):
		return "", fmt.Sprintf("remote base %q is not pinned: the same commit must always render the same", entry),
			"end it with ?ref=<all 40 digits of a commit>"
	default:
		return address + "?ref=" + values.Get("ref") + servedQuery, "", ""
	}
}

// covers reports whether an allowed prefix covers an address. It must end where a path segment ends, and the address must
// mean what it says: no step upwards, in clear or percent-encoded, and nothing that kustomize would cut off in front.
func covers(prefix, address string) bool {
	rest, ok := strings.CutPrefix(address, prefix)
	if !ok || prefix == "" || strings.ContainsAny(address, "%\\#\x00 \t\r\n") {
		return false
	}
	if slices.Contains(strings.Split(address, "/"), "..") || strings.HasPrefix(strings.ToLower(address), "git::") {
		return false
	}
	return rest == "" || rest[0] == '/' || strings.HasSuffix(prefix, "/") || strings.HasSuffix(prefix, ":")
}
