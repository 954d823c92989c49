#!/usr/bin/env bash
# Build the image of the steps and push it to the registry of an environment's account.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage="Usage: deploy/setup_docker.sh ENVIRONMENT | --build
  deploy/setup_docker.sh dev          build and push; needs Docker, the AWS CLI and credentials
  deploy/setup_docker.sh --build      only build; needs Docker"
environment="${1:-}"
case "$environment" in
  -h | --help) echo "$usage" && exit ;;
  "" | --build | [!-]*) ;;
  *) environment="" ;;
esac
if [[ -z "$environment" ]]; then
  echo "$usage" >&2
  exit 2
fi

stop() {
  echo "Error: $*" >&2
  exit 1
}

setting() {
  python - "$1" "$environment" <<'PYTHON'
import json, sys

key, environment = sys.argv[1:]
config = json.load(open("deploy/config.json", encoding="utf-8"))
entries = config.get("environments", {})
if environment != "--build" and environment not in entries:
    known = ", ".join(entries) or "none"
    sys.exit(f"Error: deploy/config.json has no environment {environment!r}; it has: {known}")
print({**config, **entries.get(environment, {})}.get(key, ""))
PYTHON
}

project="$(setting project)"
purpose="$(setting purpose)"
region="$(setting region)"
partition="$(setting partition)"
image="$project-$purpose"

command -v docker > /dev/null || stop "docker is not installed"
python -m pip --version > /dev/null ||
  stop "the project's environment has no pip; run: python -m ensurepip"

# Who may not push learns it before the image is built.
if [[ "$environment" != "--build" ]]; then
  command -v aws > /dev/null || stop "the AWS CLI (aws) is not installed"
  account="$(aws sts get-caller-identity --query Account --output text)"
  expected="$(setting account)"
  if [[ -n "$expected" && "$expected" != "$account" ]]; then
    stop "these credentials are for account $account; environment $environment is $expected"
  fi
fi

# The image gets the versions that are on this laptop, so that what was tested is what runs:
# batcat-runtime as a wheel, made from the very line in requirements.txt, and as constraints
# all that is installed here, for a listed package needs others. What came from a URL or a folder
# is left out: its own line says which one it is.
requirement="$(grep '^batcat-runtime' requirements.txt | sed -E 's/\[[^]]*\]//')"
rm -f deploy/docker/wheels/*.whl
python -m pip wheel --quiet --no-deps --wheel-dir deploy/docker/wheels "$requirement"
python - > deploy/docker/constraints.txt <<'PYTHON'
import re, sys
from importlib.metadata import distributions
from pathlib import Path

def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()

file = Path("deploy/docker/requirements.txt")
installed = {}
for one in distributions():
    installed.setdefault(plain(one.metadata["Name"] or ""), one)
for line in file.read_text(encoding="utf-8").splitlines():
    # A name with a marker (;) need not be on this machine, and a URL has no name.
    name = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*([\[<>=!~@,#][^;]*)?$", line.strip())
    if name and plain(name[1]) not in installed:
        sys.exit(f"Error: {file} names {name[1]}, which is not installed here, so no test has "
                 "seen it; run: pip install -r requirements.txt")
for name, one in sorted(installed.items()):
    if name and one.read_text("direct_url.json") is None:
        print(f"{name}=={one.version}")
PYTHON

# A mirror that is set on this machine (PIP_INDEX_URL) is used for the image as well.
docker build --platform linux/amd64 --build-arg PIP_INDEX_URL \
  --file deploy/docker/Dockerfile --tag "$image" .
if [[ "$environment" == "--build" ]]; then
  exit 0
fi

registry="$account.dkr.ecr.$region.amazonaws.com"
if [[ "$partition" == "aws-cn" ]]; then
  registry="$registry.cn"
fi
if ! told="$(aws ecr describe-repositories --region "$region" --repository-names "$image" 2>&1)"; then
  [[ "$told" == *RepositoryNotFoundException* ]] || stop "$told"
  aws ecr create-repository --region "$region" --repository-name "$image" \
    --image-scanning-configuration scanOnPush=true > /dev/null
fi
aws ecr get-login-password --region "$region" |
  docker login --username AWS --password-stdin "$registry"
docker tag "$image" "$registry/$image:latest"
docker push "$registry/$image:latest"
