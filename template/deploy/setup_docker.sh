#!/usr/bin/env bash
# Build the image of the steps and push it to the registry of an environment's account.
# Needs Docker or buildah; batcat image --help says more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage="Usage: deploy/setup_docker.sh ENVIRONMENT | --build [OPTION ...]
  deploy/setup_docker.sh dev          build and push: batcat image push --env dev
  deploy/setup_docker.sh --build      only build: batcat image build"
case "${1:-}" in
  -h | --help) echo "$usage" ;;
  --build) exec batcat image build "${@:2}" ;;
  "" | -*)
    echo "$usage" >&2
    exit 2
    ;;
  *) exec batcat image push --env "$1" "${@:2}" ;;
esac
