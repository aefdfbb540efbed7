#!/bin/sh
# render.sh PROCESSES: renders every overlay of the checkout it runs in, that many at once.
set -eu
printf '%s\n' services/*/deploy/overlays/* | xargs -P "$1" -n 1 kustomize build > /dev/null
