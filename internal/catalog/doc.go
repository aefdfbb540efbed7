// Package catalog reads the components of a platform from their Backstage catalog-info.yaml files.
package catalog
