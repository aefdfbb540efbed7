package kubernetes

import data.lib.images
import data.lib.workload

# METADATA
# title: Images are referenced by digest
# description: >-
#   A tag can be moved to other content after review. Only a digest names exactly what was built, scanned and promoted.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/containers/images/#image-names
# custom:
#   id: image-by-digest
#   severity: error
#   fix: deploy the release by digest, or append @sha256:… to the image
deny contains workload.in_container(rego.metadata.rule(), container, ["image"], problem) if {
	some container in workload.containers
	image := object.get(container.spec, "image", "")
	not images.by_digest(image)
	problem := sprintf("image %q is not referenced by digest", [image])
}

# METADATA
# title: Images do not use the tag latest
# description: >-
#   The tag latest, also when it is implied by leaving out the tag, means other content every day, so neither a rollback
#   nor a second replica is sure to run the same program.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/containers/images/#image-names
# custom:
#   id: image-no-latest
#   severity: error
#   fix: reference the image by digest, or at least by the tag of a version
deny contains workload.in_container(rego.metadata.rule(), container, ["image"], problem) if {
	some container in workload.containers
	image := container.spec.image
	images.tag(image) == "latest"
	problem := sprintf("image %q uses the tag latest", [image])
}

# METADATA
# title: Images come from allowed registries
# description: >-
#   Only images in your own registries are built from your source, scanned, signed and kept. An image from elsewhere may be
#   changed or deleted by people you do not know. The registries are those of platform.yaml, unless the data key
#   allowed_registries lists others, such as ghcr.io/org or docker.io/library.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/security-checklist/#images
# custom:
#   id: allowed-registries
#   severity: error
#   fix: copy the image to an allowed registry and reference it there, or list its registry in allowed_registries
deny contains workload.in_container(rego.metadata.rule(), container, ["image"], problem) if {
	some container in workload.containers
	image := container.spec.image
	not from_allowed_registry(image)
	problem := sprintf("image %q is not from %s", [image, concat(" or ", images.allowed)])
}

from_allowed_registry(image) if {
	some registry in images.allowed
	images.below(image, registry)
}
