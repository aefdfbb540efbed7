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
