package kubernetes_test

secret(fields) := object.union({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}}, fields)

test_no_plaintext_secret_passes if {
	every fields in [
		{},
		{"data": null},
		{"data": {"password": ""}},
		{"data": {"password": "c2VjcmV0"}, "sops": {"version": "3.9"}},
		{"stringData": {"password": "ENC[AES256_GCM,data:x]"}},
		{"stringData": {"password": "${DB_PASSWORD}"}},
		{"stringData": {"password": "<path:secret/data/db#password>"}},
		{"data": {"password": base64.encode("${DB_PASSWORD}")}},
		{"kind": "ConfigMap", "data": {"color": "blue"}},
		{"apiVersion": "example.com/v1", "data": {"color": "blue"}},
		{"kind": "SealedSecret", "apiVersion": "bitnami.com/v1alpha1", "data": {"password": "x"}},
	] {
		paths("no-plaintext-secret", secret(fields)) == set()
	}
}

test_no_plaintext_secret_fails if {
	paths("no-plaintext-secret", secret({"stringData": {"a": "x", "b": "y"}})) == {"stringData.a", "stringData.b"}
	paths("no-plaintext-secret", secret({"data": {"a": "c2VjcmV0"}})) == {"data.a"}
	paths("no-plaintext-secret", secret({"stringData": {"a": "my ${PART} of it"}})) == {"stringData.a"}
	paths("no-plaintext-secret", secret({"stringData": {"a": 5}})) == {"stringData.a"}
}

test_no_message_holds_a_secret if {
	found := data.kubernetes.deny with input as secret({"stringData": {"a": "hunter2"}, "data": {"b": base64.encode("hunter2")}})
	count(found) == 2
	every result in found {
		not contains(json.marshal(result), "hunter2")
		not contains(json.marshal(result), base64.encode("hunter2"))
	}
}
