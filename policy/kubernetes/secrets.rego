package kubernetes

import data.lib.workload

# METADATA
# title: Secrets are not committed as plain text
# description: >-
#   Whoever may read the repository, its clones and its caches reads the secret, for ever: removing it later leaves it in the
#   history. Base64 hides nothing. Secrets that SOPS has encrypted and references to a secret store are fine.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
# custom:
#   id: no-plaintext-secret
#   severity: error
#   fix: commit a SealedSecret or an ExternalSecret instead, and replace the value, which everybody may have read
deny contains workload.in_resource(rego.metadata.rule(), [field, key], problem) if {
	input.kind == "Secret"
	input.apiVersion == "v1"
	not input.sops
	some field in ["data", "stringData"]
	some key, value in input[field]
	not harmless(value)
	problem := sprintf("the value of %s can be read in the repository", [key])
}

harmless(value) if value in {"", null}

# What a tool fills in at deployment: ENC[…] of SOPS, ${NAME} of Flux, <path:…> of the Argo CD Vault plugin.
harmless(value) if {
	is_string(value)
	some text in {value, decoded(value)}
	regex.match(`^\s*(ENC\[[^\]]*\]|\$\{[A-Za-z_][A-Za-z0-9_]*\}|<[a-z]+:[^>]*>)\s*$`, text)
}

decoded(value) := base64.decode(value) if {
	base64.is_valid(value)
} else := ""
