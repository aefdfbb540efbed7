package kubernetes

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
	not by_digest(image)
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
	not by_digest(image)
	tag(image) == "latest"
	problem := sprintf("image %q uses the tag latest", [image])
}

by_digest(image) if regex.match(`@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`, image)

# The colon of a registry's port comes before the last slash.
tag(image) := split(last, ":")[1] if {
	last := last_part(image)
	contains(last, ":")
} else := "latest"

last_part(image) := parts[count(parts) - 1] if parts := split(image, "/")
