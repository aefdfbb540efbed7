package synthetic

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/org/platform/internal/release"
)

// Options are the size of a monorepo. The same options give the same commits, bit by bit.
type Options struct {
	Services     int `json:"services"`     // components; every third is built on a base that they share
	Environments int `json:"environments"` // each promoted from the one before; the first is dev
	Filler       int `json:"filler"`       // source files that no command reads, spread evenly over the services
	History      int `json:"history"`      // commits on main, at least 2; all but the first two change one file of one service each
}

// Registry is where the images of the services are.
const Registry = "registry.example.com/acme"

// epoch is the date of the first commit; each is a minute later than the one before.
var epoch = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

func (o Options) validate() error {
	if o.Services < 1 || o.Environments < 1 || o.Filler < 0 || o.History < 2 {
		return fmt.Errorf("a monorepo needs at least 1 service, 1 environment and 2 commits, got %+v", o)
	}
	return nil
}

var words = []string{
	"account", "address", "audit", "basket", "billing", "booking", "budget", "carrier", "catalog", "checkout", "courier", "credit", "delivery",
	"discount", "document", "export", "fraud", "gateway", "identity", "import", "inventory", "invoice", "ledger", "loyalty", "mail", "market",
	"message", "notice", "offer", "order", "partner", "payment", "picking", "price", "product", "profile", "quote", "refund", "report", "return",
	"review", "route", "search", "session", "shipment", "stock", "storage", "supplier", "tariff", "tax", "ticket", "token", "voucher", "wallet",
}

// Service returns the name of a service, counted from 0.
func Service(i int) string { return fmt.Sprintf("%s-%04d", words[i%len(words)], i) }

// ServiceDir returns the folder of a service, counted from 0.
func ServiceDir(i int) string { return "services/" + Service(i) }

func team(i int) string { return fmt.Sprintf("team-%02d", i%12) }

// Environment returns the name of an environment, counted from 0.
func Environment(i int) string {
	if named := []string{"dev", "staging", "prod"}; i < len(named) {
		return named[i]
	}
	return fmt.Sprintf("prod-%02d", i-1)
}

// Image returns the image of a service, counted from 0, built for the nth time.
func Image(i, build int) release.Image {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", Service(i), build))
	return release.Image{Name: Service(i), NewName: Registry + "/" + Service(i), Digest: "sha256:" + hex.EncodeToString(sum[:])}
}

// Files returns the number of files in the newest commit.
func (o Options) Files() int {
	files := 0
	for range o.authored() {
		files++
	}
	return files + o.Filler + 3*o.Services*o.Environments
}

// Filled returns the options with as much filler as makes the newest commit hold that many files.
func (o Options) Filled(files int) (Options, error) {
	o.Filler = 0
	o.Filler = files - o.Files()
	if o.Filler < 0 {
		return o, fmt.Errorf("%d services in %d environments are %d files already, more than %d", o.Services, o.Environments, files-o.Filler, files)
	}
	return o, nil
}
