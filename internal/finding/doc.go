// Package finding defines a finding: one problem, with the rule that found it, how bad it is, where it is, and how
// sure we are of the place. Every checker produces findings and every report is made from them.
package finding
