# Reads references of images. It holds no rules of its own.
package lib.images

by_digest(image) if regex.match(`@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`, image)

# The tag, which is latest where none is written. The colon of a registry's port comes before the last slash.
tag(image) := parts[1] if {
	parts := split(last_part(image), ":")
} else := "latest"

last_part(image) := parts[count(parts) - 1] if parts := split(image, "/")

# The reference with its registry, which is Docker Hub where none is written.
full(image) := image if {
	parts := split(image, "/")
	count(parts) > 1
	regex.match(`[.:]|^localhost$`, parts[0])
} else := sprintf("docker.io/%s", [image]) if {
	contains(image, "/")
} else := sprintf("docker.io/library/%s", [image])

# Whether an image is below a registry: the registry itself, or a folder of repositories in it.
below(image, registry) if startswith(full(image), sprintf("%s/", [trim_suffix(registry, "/")]))

# The registries that images may come from. Undefined where nobody has said which.
allowed := data.allowed_registries if {
	count(data.allowed_registries) > 0
} else := data.platform.registries if {
	count(data.platform.registries) > 0
} else := [data.platform.registry] if {
	data.platform.registry != ""
}
