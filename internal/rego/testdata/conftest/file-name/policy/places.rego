package places

import rego.v1

is_yaml(name) if endswith(name, ".yaml")
