#!/usr/bin/env bash
# Build the image of the steps and push it to the registry of an environment's account.
#   deploy/setup_docker.sh dev          needs Docker and credentials for that account
#   deploy/setup_docker.sh --build      only builds
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

environment="${1:?say which environment of deploy/config.json, or --build}"

setting() {
  python - "$1" "$environment" <<'PYTHON'
import json, sys

key, environment = sys.argv[1:]
config = json.load(open("deploy/config.json", encoding="utf-8"))
entries = config.get("environments", {})
if environment != "--build" and environment not in entries:
    sys.exit(f"deploy/config.json has no environment {environment!r}; it has: {', '.join(entries)}")
print({**config, **entries.get(environment, {})}.get(key, ""))
PYTHON
}

project="$(setting project)"
purpose="$(setting purpose)"
region="$(setting region)"
partition="$(setting partition)"
image="$project-$purpose"

# The image gets the versions that are on this laptop, so that what was tested is what runs:
# batcat-runtime as a wheel, made from the very line in requirements.txt, the rest as constraints.
python -m pip --version > /dev/null || {
  echo "this needs pip in the project's environment: python -m ensurepip" >&2
  exit 1
}
requirement="$(grep '^batcat-runtime' requirements.txt | sed -E 's/\[[^]]*\]//')"
rm -f deploy/docker/wheels/*.whl
python -m pip wheel --quiet --no-deps --wheel-dir deploy/docker/wheels "$requirement"
python - > deploy/docker/constraints.txt <<'PYTHON'
import re
from importlib.metadata import version
from pathlib import Path

for line in Path("deploy/docker/requirements.txt").read_text(encoding="utf-8").splitlines():
    name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
    if name:
        print(f"{name[0]}=={version(name[0])}")
PYTHON

# A mirror that is set on this machine (PIP_INDEX_URL) is used for the image as well.
docker build --platform linux/amd64 --build-arg PIP_INDEX_URL \
  --file deploy/docker/Dockerfile --tag "$image" .
if [[ "$environment" == "--build" ]]; then
  exit 0
fi

account="$(aws sts get-caller-identity --query Account --output text)"
expected="$(setting account)"
if [[ -n "$expected" && "$expected" != "$account" ]]; then
  echo "these credentials are for account $account; environment $environment is $expected" >&2
  exit 1
fi
registry="$account.dkr.ecr.$region.amazonaws.com"
if [[ "$partition" == "aws-cn" ]]; then
  registry="$registry.cn"
fi
aws ecr describe-repositories --region "$region" --repository-names "$image" > /dev/null ||
  aws ecr create-repository --region "$region" --repository-name "$image" \
    --image-scanning-configuration scanOnPush=true > /dev/null
aws ecr get-login-password --region "$region" |
  docker login --username AWS --password-stdin "$registry"
docker tag "$image" "$registry/$image:latest"
docker push "$registry/$image:latest"
