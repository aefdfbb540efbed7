package kubernetes

is_workload if input.kind == "Deployment"

is_service if input.kind == "Service"
