// Package placement finds the authored file and line that a finding about a field of a rendered resource comes from: the
// layers of a kustomize overlay give the candidates, renders of the overlay without one of its entries decide among them.
package placement
