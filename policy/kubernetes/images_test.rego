package kubernetes_test

with_image(path, image) := with_field(sprintf("%s/image", [path]), image)

test_image_by_digest_passes if {
	paths("image-by-digest", good) == set()
	paths("image-by-digest", with_image(app, sprintf("web:1.2@%s", [digest]))) == set()
}

test_image_by_digest_fails if {
	every image in ["web", "web:1.2", "registry:5000/web:1.2", "web@sha256:abc", ""] {
		paths("image-by-digest", with_image(app, image)) == {app_path("image")}
	}
	paths("image-by-digest", with_image(init, "web:1.2")) == {init_path("image")}
	paths("image-by-digest", without_field(sprintf("%s/image", [app]))) == {app_path("image")}
}

test_image_no_latest_passes if {
	every image in ["web:1.2", "registry:5000/web:1.2", sprintf("web:latest@%s", [digest]), "web:latest-1"] {
		paths("image-no-latest", with_image(app, image)) == set()
	}
}

test_image_no_latest_fails if {
	every image in ["web", "web:latest", "registry:5000/web", "registry:5000/team/web:latest"] {
		paths("image-no-latest", with_image(app, image)) == {app_path("image")}
	}
	paths("image-no-latest", with_image(init, "web")) == {init_path("image")}
}

test_allowed_registries_passes if {
	every image in ["ghcr.io/org/web", "ghcr.io/org/team/web:1.2", sprintf("ghcr.io/org/web@%s", [digest])] {
		paths("allowed-registries", with_image(app, image)) == {init_path("image")} with data.platform as {"registry": "ghcr.io/org/"}
	}
	paths("allowed-registries", good) == set()
	paths("allowed-registries", good) == set() with data.platform as {"registry": ""}
	paths("allowed-registries", good) == set() with data.platform as {"registry": "registry.example.com:5000", "registries": []}
	paths("allowed-registries", good) == set() with data.platform as {"registries": ["registry.example.com:5000"]} with data.allowed_registries as []
	paths("allowed-registries", good) == set() with data.platform as {"registry": "x", "registries": ["y", "registry.example.com:5000"]}
	paths("allowed-registries", good) == set() with data.platform as {"registry": "x"} with data.allowed_registries as ["registry.example.com:5000"]
}

test_allowed_registries_fails if {
	every image in ["web", "ghcr.io/organisation/web", "ghcr.io/web", "evil.com/ghcr.io/org/web", "ghcr.io/org"] {
		app_path("image") in paths("allowed-registries", with_image(app, image)) with data.platform as {"registry": "ghcr.io/org"}
	}
}

test_names_without_registry_are_of_docker_hub if {
	every image in ["web", "web:1", "team/web:1", "docker.io/web:1"] {
		not app_path("image") in paths("allowed-registries", with_image(app, image)) with data.allowed_registries as ["docker.io"]
	}
	app_path("image") in paths("allowed-registries", with_image(app, "localhost/web")) with data.allowed_registries as ["docker.io"]
	app_path("image") in paths("allowed-registries", with_image(app, "team/web")) with data.allowed_registries as ["docker.io/library"]
	not app_path("image") in paths("allowed-registries", with_image(app, "web")) with data.allowed_registries as ["docker.io/library"]
}
