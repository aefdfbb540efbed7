package lib.util

containers contains c if some c in input.spec.containers

is_root if not input.nonroot
