package dispatch

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/workspace"
)

// Forge returns the GitHub server that hosts a workspace's remote, nil where there is none or no token for it: then branches alone are used. The server
// is that of the workflow, or github.com; a token is never shown to another.
func Forge(a *app.App, w *workspace.Workspace) (*forge.Forge, error) {
	token := cmp.Or(w.Token, a.Getenv("GITHUB_TOKEN"))
	host, repository := hosted(w.Repo.RemoteURL())
	server := cmp.Or(a.Runner.ServerHost(), "github.com")
	if token == "" || repository == "" || !strings.EqualFold(host, server) {
		return nil, nil
	}
	api := a.Getenv("GITHUB_API_URL")
	if api == "" && server != "github.com" {
		api = "https://" + server + "/api/v3"
	}
	a.Runner.Mask(token)
	return forge.New(forge.Options{APIURL: api, Token: token, Repository: repository, Now: a.Now, Notice: a.Notice})
}

var scpForm = regexp.MustCompile(`^(?:[^@/]+@)?([^:/]+):([^/].*)$`)

// hosted returns the host, without its port as ServerHost does, and the owner/name of a remote on a forge.
func hosted(remote string) (host, repository string) {
	path := ""
	if u, err := url.Parse(remote); err == nil && u.Host != "" {
		host, path = u.Hostname(), u.Path
	} else if m := scpForm.FindStringSubmatch(remote); m != nil {
		host, path = m[1], m[2]
	}
	repository = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if strings.Count(repository, "/") != 1 {
		return "", ""
	}
	return host, repository
}

// webURL returns the page of a repository on a forge, "" where there is none.
func webURL(a *app.App, w *workspace.Workspace) string {
	host, repository := hosted(w.Repo.RemoteURL())
	if repository == "" {
		return ""
	}
	return strings.TrimSuffix(cmp.Or(a.Getenv("GITHUB_SERVER_URL"), "https://"+host), "/") + "/" + repository
}
