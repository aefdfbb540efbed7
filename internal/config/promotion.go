package config

import "time"

// Promotion modes of an environment.
const (
	PromotionAutomatic = "automatic" // merged as soon as its gates hold
	PromotionManual    = "manual"    // a person merges
)

// Which release an environment is offered.
const (
	ModeLatest = "latest" // what upstream runs now; a newer one replaces the one that is offered
	ModeQueue  = "queue"  // what upstream ran since, one after the other, oldest first
	ModePinned = "pinned" // none but the one a person asks for by name
)

// How several upstream environments count.
const (
	FanInAll = "all" // all of them run the release
	FanInAny = "any" // one of them does
)

// How the components of a set travel.
const (
	OrderAtomic  = "atomic"  // together, in one pull request
	OrderOrdered = "ordered" // one after the other, as they are listed
)

// What is recorded as GitHub Deployments.
const (
	DeploymentsWritten  = "written"
	DeploymentsExternal = "external"
	DeploymentsOff      = "off"
)

// ReviewerOwner stands for the owner in a component's catalog-info.yaml.
const ReviewerOwner = "owner"

// LabelPromotion is the label that all promotions have.
const LabelPromotion = "promotion"

// SetOf returns the set that a component belongs to.
func (p *Platform) SetOf(component string) (Set, bool) {
	for _, s := range p.Spec.Sets {
		for _, c := range s.Components {
			if c == component {
				return s, true
			}
		}
	}
	return Set{}, false
}

// LongestSoak returns the longest time that a gate looks back, 0 where none does. What has been for longer has been for long enough.
func (p *Platform) LongestSoak() time.Duration {
	var longest Duration
	for _, e := range p.Spec.Environments {
		for _, g := range e.Gates {
			longest = max(longest, g.Soak, g.MinInterval)
		}
	}
	return time.Duration(longest)
}
