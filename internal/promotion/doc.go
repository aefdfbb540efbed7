// Package promotion plans which releases go from which environment to which. A plan is a pure function of configuration, state
// and time: it is recomputed on every run and nothing else is remembered.
package promotion
