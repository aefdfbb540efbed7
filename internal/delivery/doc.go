// Package delivery moves releases: it deploys, promotes and rolls back by rendering from Git and writing state to Git.
package delivery
