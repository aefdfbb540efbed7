// Package registry makes OCI images from binaries and pushes them, without a daemon and with the same digest for the same input.
//
// An image from scratch holds the binary, a user and group called nonroot, and a world-writable /tmp. It has no shell and no CA
// certificates: a component that calls TLS servers needs a base image with certificates, or roots linked into its binary.
package registry
