package main

import "fmt"

// policyRules is how many rules policyBundle has.
const policyRules = 20

// conftestVersion is what internal/tools/conftest pins.
const conftestVersion = "v0.71.1"

// policyDeployment writes one of many Deployments. Every tenth breaks four rules.
func policyDeployment(n int) string {
	image, replicas := fmt.Sprintf("ghcr.io/org/app-%d@sha256:%064x", n, n), 3
	if n%10 == 0 {
		image, replicas = fmt.Sprintf("example.com/app-%d:latest", n), 1
	}
	return fmt.Sprintf(deploymentFormat, n, n%20, replicas, n+1, image)
}

const deploymentFormat = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-%[1]d
  namespace: team-%[2]d
  labels:
    app.kubernetes.io/name: app-%[1]d
    app.kubernetes.io/part-of: shop
    team: team-%[2]d
  annotations:
    example.com/runbook: https://example.com/runbooks/app-%[1]d
spec:
  replicas: %[3]d
  selector:
    matchLabels:
      app.kubernetes.io/name: app-%[1]d
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-%[1]d
        team: team-%[2]d
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
      initContainers:
        - name: migrate
          image: ghcr.io/org/migrate@sha256:%064[4]x
          args: [up, --wait]
          resources:
            requests: {cpu: 50m, memory: 64Mi}
            limits: {memory: 64Mi}
          securityContext: &locked
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          livenessProbe: {exec: {command: ["true"]}}
          readinessProbe: {exec: {command: ["true"]}}
      containers:
        - name: app
          image: %[5]s
          ports:
            - {name: http, containerPort: 8080}
            - {name: metrics, containerPort: 9090}
          env:
            - name: LOG_LEVEL
              value: info
            - name: DATABASE_URL
              valueFrom: {secretKeyRef: {name: app-%[1]d, key: url}}
            - name: REGION
              value: eu-west-1
          resources:
            requests: {cpu: 250m, memory: 256Mi}
            limits: {memory: 256Mi}
          livenessProbe:
            httpGet: {path: /livez, port: http}
            periodSeconds: 10
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 5
          securityContext: *locked
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
        - name: proxy
          image: ghcr.io/org/proxy@sha256:%064[4]x
          args: [--listen, ":9000", --upstream, "127.0.0.1:8080"]
          resources:
            requests: {cpu: 100m, memory: 64Mi}
            limits: {memory: 64Mi}
          livenessProbe: {tcpSocket: {port: 9000}}
          readinessProbe: {tcpSocket: {port: 9000}}
          securityContext: *locked
      volumes:
        - name: tmp
          emptyDir: {sizeLimit: 100Mi}
`

const policyBundle = `package main

name := input.metadata.name

pod := input.spec.template.spec

containers contains c if some c in pod.containers

containers contains c if some c in pod.initContainers

deny_latest contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some c in containers
	endswith(c.image, ":latest")
	msg := sprintf("%s: the image of %s has the tag latest", [name, c.name])
}

deny_digest contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some c in containers
	not contains(c.image, "@sha256:")
	msg := sprintf("%s: the image of %s has no digest", [name, c.name])
}

deny_registry contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some c in containers
	not startswith(c.image, "ghcr.io/org/")
	msg := sprintf("%s: %s is not in the registry", [name, c.image])
}

deny_privileged contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some c in containers
	c.securityContext.privileged
	msg := sprintf("%s: %s is privileged", [name, c.name])
}

deny_escalation contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some c in containers
	object.get(c, ["securityContext", "allowPrivilegeEscalation"], true)
	msg := sprintf("%s: %s may gain privileges", [name, c.name])
}

deny_capabilities contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some c in containers
	not "ALL" in object.get(c, ["securityContext", "capabilities", "drop"], [])
	msg := sprintf("%s: %s keeps capabilities", [name, c.name])
}

deny_root contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some c in containers
	not c.securityContext.runAsNonRoot
	not pod.securityContext.runAsNonRoot
	msg := sprintf("%s: %s may run as root", [name, c.name])
}

deny_memory_limit contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some c in containers
	not c.resources.limits.memory
	msg := sprintf("%s: %s has no memory limit", [name, c.name])
}

deny_requests contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some c in containers
	some resource in ["cpu", "memory"]
	not c.resources.requests[resource]
	msg := sprintf("%s: %s requests no %s", [name, c.name, resource])
}

deny_host_namespaces contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some field in ["hostNetwork", "hostPID", "hostIPC"]
	pod[field]
	msg := sprintf("%s: %s is on", [name, field])
}

deny_host_path contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some volume in pod.volumes
	volume.hostPath
	msg := sprintf("%s: the volume %s is of the host", [name, volume.name])
}

deny_labels contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some label in ["app.kubernetes.io/name", "app.kubernetes.io/part-of", "team"]
	not input.metadata.labels[label]
	msg := sprintf("%s: the label %s is missing", [name, label])
}

deny_selector contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some label, value in input.spec.selector.matchLabels
	object.get(input.spec.template.metadata.labels, label, null) != value
	msg := sprintf("%s: the selector does not match %s", [name, label])
}

deny_namespace contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	object.get(input.metadata, "namespace", "default") == "default"
	msg := sprintf("%s: it is in the namespace default", [name])
}

deny_secrets contains {"msg": msg, "severity": "error"} if {
	input.kind == "Deployment"
	some c in containers
	some variable in c.env
	regex.match("(?i)(password|token|secret)$", variable.name)
	variable.value
	msg := sprintf("%s: %s has %s in the clear", [name, c.name, variable.name])
}

warn_probes contains {"msg": msg, "severity": "warning"} if {
	input.kind == "Deployment"
	some c in containers
	some probe in ["livenessProbe", "readinessProbe"]
	not c[probe]
	msg := sprintf("%s: %s has no %s", [name, c.name, probe])
}

warn_read_only contains {"msg": msg, "severity": "warning"} if {
	input.kind == "Deployment"
	some c in containers
	not c.securityContext.readOnlyRootFilesystem
	msg := sprintf("%s: %s writes to its root", [name, c.name])
}

warn_seccomp contains {"msg": msg, "severity": "warning"} if {
	input.kind == "Deployment"
	object.get(pod, ["securityContext", "seccompProfile", "type"], "") != "RuntimeDefault"
	msg := sprintf("%s: no seccomp profile", [name])
}

warn_replicas contains {"msg": msg, "severity": "warning"} if {
	input.kind == "Deployment"
	input.spec.replicas < 2
	msg := sprintf("%s: one replica", [name])
}

warn_token contains {"msg": msg, "severity": "warning"} if {
	input.kind == "Deployment"
	object.get(pod, "automountServiceAccountToken", true)
	msg := sprintf("%s: it mounts the token of its service account", [name])
}
`
