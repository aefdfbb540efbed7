package render

// Version names what turns files into manifests: the kustomize and YAML modules, and what this package does besides them. Manifests that were
// rendered with one Version are what every program with this Version renders from the same files. Raise the number at its end whenever
// the same files, images and remote bases may come out as other bytes.
const Version = "sigs.k8s.io/kustomize/api v0.21.1, sigs.k8s.io/kustomize/kyaml v0.21.1, sigs.k8s.io/yaml v1.6.0, go.yaml.in/yaml/v3 v3.0.5, render 1"
