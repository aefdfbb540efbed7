package kubernetes

import data.lib.result
import data.lib.workload

# METADATA
# title: Containers are not privileged
# description: >-
#   A privileged container has the rights of root on the node, so whoever takes it over has the node and every workload on it.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: no-privileged
#   severity: error
#   fix: remove privileged, and add the single capability the program needs instead
deny contains workload.in_container(rego.metadata.rule(), container, ["securityContext", "privileged"], "is privileged") if {
	some container in workload.containers
	container.spec.securityContext.privileged == true
}

# METADATA
# title: Containers run as a user that is not root
# description: >-
#   Root in a container is root on the node for every flaw of the kernel or the container runtime. runAsNonRoot makes the
#   kubelet refuse an image whose user is root. It may be set for the pod or for each container.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
# custom:
#   id: run-as-non-root
#   severity: error
#   fix: "set securityContext.runAsNonRoot: true for the pod, and for no container to false"
deny contains result.at(rego.metadata.rule(), root.path, root.message) if some root in possible_roots

possible_roots contains {"path": path, "message": message} if {
	some container in workload.containers
	container.spec.securityContext.runAsNonRoot == false
	path := array.concat(container.path, ["securityContext", "runAsNonRoot"])
	message := sprintf("%s: may run as root", [container.title])
}

# Once for the pod instead of once for each container: one line repairs them all.
possible_roots contains {"path": path, "message": message} if {
	not pod_runs_as_non_root
	some container in workload.containers
	not container_decides(container)
	path := array.concat(workload.pod_path, ["securityContext", "runAsNonRoot"])
	message := sprintf("%s: its containers may run as root", [workload.name])
}

pod_runs_as_non_root if workload.pod.securityContext.runAsNonRoot == true

container_decides(container) if is_boolean(container.spec.securityContext.runAsNonRoot)

# METADATA
# title: Programs cannot gain more privileges than they start with
# description: >-
#   Without this a program can become root through any setuid file in the image, whatever user it starts as.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
# custom:
#   id: no-privilege-escalation
#   severity: error
#   fix: "set securityContext.allowPrivilegeEscalation: false"
deny contains workload.in_container(rego.metadata.rule(), container, field, "allows privilege escalation") if {
	some container in workload.on_linux
	field := ["securityContext", "allowPrivilegeEscalation"]
	object.get(container.spec, field, true) != false
}

# METADATA
# title: Containers drop all capabilities
# description: >-
#   Container runtimes grant a dozen capabilities that almost no program needs, such as forging packets and changing owners
#   of files. Drop all of them and add what is missing.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
# custom:
#   id: drop-all-capabilities
#   severity: error
#   fix: "set securityContext.capabilities.drop: [ALL]"
deny contains workload.in_container(rego.metadata.rule(), container, field, "does not drop all capabilities") if {
	some container in workload.on_linux
	field := ["securityContext", "capabilities", "drop"]
	not "ALL" in object.get(container.spec, field, [])
}

# METADATA
# title: The root file system is read-only
# description: >-
#   Whoever breaks into a program with a writable file system can replace the program and keep tools there.
# related_resources:
# - ref: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
# custom:
#   id: read-only-root-filesystem
#   severity: warning
#   fix: "set securityContext.readOnlyRootFilesystem: true and mount an emptyDir where the program writes"
warn contains workload.in_container(rego.metadata.rule(), container, field, "can write to its root file system") if {
	some container in workload.on_linux
	field := ["securityContext", "readOnlyRootFilesystem"]
	object.get(container.spec, field, false) != true
}

# METADATA
# title: Pods do not share the node's namespaces
# description: >-
#   With hostNetwork, hostPID or hostIPC a pod sees the traffic, the processes or the memory of the whole node, past every
#   network policy.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: no-host-namespaces
#   severity: error
#   fix: remove the field, and reach the workload through a Service
deny contains workload.in_pod(rego.metadata.rule(), [field], problem) if {
	some field in ["hostNetwork", "hostPID", "hostIPC"]
	workload.pod[field] == true
	problem := sprintf("%s shares a namespace of the node", [field])
}

# METADATA
# title: Pods do not mount folders of the node
# description: >-
#   A hostPath volume lets a pod read, and mostly write, the node's files: other pods' secrets, the kubelet's credentials, the
#   container runtime's socket. Its content also differs from node to node.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
# custom:
#   id: no-host-path
#   severity: error
#   fix: use an emptyDir, a ConfigMap, a Secret or a PersistentVolumeClaim instead
deny contains workload.in_pod(rego.metadata.rule(), ["volumes", i, "hostPath"], problem) if {
	some i, volume in workload.pod.volumes
	volume.hostPath
	problem := sprintf("volume %v mounts a folder of the node", [object.get(volume, "name", i)])
}

# METADATA
# title: Containers run with the runtime's seccomp profile
# description: >-
#   Most holes in the kernel are reached through system calls that programs never make. The profile RuntimeDefault refuses
#   those. It may be set for the pod or for each container.
# related_resources:
# - ref: https://kubernetes.io/docs/tutorials/security/seccomp/
# custom:
#   id: seccomp-profile
#   severity: warning
#   fix: "set securityContext.seccompProfile.type: RuntimeDefault for the pod"
warn contains result.at(rego.metadata.rule(), place.path, place.message) if some place in unconfined

unconfined contains {"path": path, "message": message} if {
	some container in workload.on_linux
	profile := container.spec.securityContext.seccompProfile.type
	not profile in confined
	path := array.concat(container.path, ["securityContext", "seccompProfile", "type"])
	message := sprintf("%s: its seccomp profile is %v", [container.title, profile])
}

# Once for the pod, as for root.
unconfined contains {"path": path, "message": message} if {
	some container in workload.on_linux
	not container.spec.securityContext.seccompProfile
	not object.get(workload.pod, ["securityContext", "seccompProfile", "type"], null) in confined
	path := array.concat(workload.pod_path, ["securityContext", "seccompProfile", "type"])
	message := sprintf("%s: its containers run without a seccomp profile", [workload.name])
}

confined := {"RuntimeDefault", "Localhost"}
