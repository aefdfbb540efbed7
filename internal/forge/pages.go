package forge

import "github.com/google/go-github/v84/github"

// pages gets the pages of a list until there is none, or the page was the last one wanted.
func pages(page func(github.ListOptions) (response *github.Response, last bool, err error)) error {
	options := github.ListOptions{PerPage: 100, Page: 1}
	for {
		response, last, err := page(options)
		if err != nil || last || response.NextPage <= options.Page { // there is none
			return err
		}
		options.Page = response.NextPage
	}
}
