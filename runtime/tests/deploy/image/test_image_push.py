"""Images are built and pushed. The builders are stand-ins; real ones are in tests/test_image.py."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from runtime.tests.deploy.image.ecr import ACCOUNT, PASSWORD, REGISTRY, V2S2, Ecr
from runtime.tests.deploy.image.machine import BASE, DIGEST, NAME, Machine

from batcat_runtime.cli.pushing import ensure_pushed
from batcat_runtime.cli.screen import Screen
from batcat_runtime.deploy import plan
from batcat_runtime.deploy.artifacts import Account
from batcat_runtime.deploy.image import lock
from batcat_runtime.deploy.image.build import build, plan_build
from batcat_runtime.deploy.image.inputs import gather
from batcat_runtime.deploy.image.push import find_pushed, push
from batcat_runtime.deploy.image.repository import ensure_repository
from batcat_runtime.deploy.project import load_project
from batcat_runtime.errors import AccessError, ConfigError, DeployError, MissingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.deploy.project import Project


def detail(media_type: str = V2S2) -> dict[str, Any]:
    return {"imageDigest": DIGEST, "imageSizeInBytes": 7, "imageManifestMediaType": media_type}


@pytest.mark.parametrize("name", ["docker", "buildah"])
def test_an_image_is_built_for_what_jobs_run_on_with_its_labels(
    here: Project, machine: Machine, name: str
) -> None:
    machine.has(name)
    plan = plan_build(here)
    built = build(plan, builder=name)
    assert (built.id, built.size, built.name) == ("sha256:abc", 1_500_000_000, plan.name)
    told = machine.told()
    for part in (
        "--platform linux/amd64",
        f"--build-arg BASE={BASE}",
        f"--label=org.opencontainers.image.title={NAME}",
        f"--tag {NAME}:content-",
    ):
        assert part in told
    docker = ("--build-arg SOURCE_DATE_EPOCH=0", "--provenance=false")
    buildah = ("--timestamp 0", "--format=docker", "BUILDAH_ISOLATION=chroot")
    for part in {"docker": docker, "buildah": buildah}[name]:
        assert part in told


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("write /x: no space left on device", "the disk is full; make room, for example: buildah"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "the index gave other files"),
        ("something new", "its own words are above"),
    ],
)
def test_a_failed_build_says_why_and_what_to_try(
    here: Project, machine: Machine, words: str, advice: str
) -> None:
    machine.has("buildah").fails(words)
    with pytest.raises(DeployError) as caught:
        build(plan_build(here))
    assert words in str(caught.value)
    assert advice in str(caught.value)


@pytest.mark.parametrize("name", ["docker", "buildah"])
def test_a_push_gives_the_digest_and_shows_no_password(
    here: Project, machine: Machine, ecr: Ecr, name: str
) -> None:
    machine.has(name)
    plan = plan_build(here)
    assert find_pushed(plan) is None
    ecr.pushed[DIGEST] = detail()
    said: list[str] = []
    done = push(plan, say=said.append)
    assert done.image.uri == f"{REGISTRY}/{NAME}@{DIGEST}"
    assert done.made_repository
    assert not done.was_there
    told = machine.told()
    assert f"{REGISTRY}/{NAME}:{plan.inputs.tag}" in told
    token = json.loads(machine.told("logins").splitlines()[-1])["auths"][REGISTRY]["auth"]
    assert token not in told
    assert PASSWORD not in told + "".join(said)
    variable = {"docker": "DOCKER_CONFIG=", "buildah": "REGISTRY_AUTH_FILE="}[name]
    place = next(line for line in told.splitlines() if line.startswith(variable))
    assert not Path(place.partition("=")[2]).exists()
    assert name == "buildah" or "DOCKER_HOST=unix:///run/other.sock" in told


def test_a_push_of_the_same_content_does_nothing(here: Project, machine: Machine, ecr: Ecr) -> None:
    """Not even a builder is needed for that."""
    plan = plan_build(here)
    ensure_repository(here)
    ecr.pushed[plan.inputs.tag] = detail()
    done = push(plan)
    assert done.was_there
    assert done.image.uri == f"{REGISTRY}/{NAME}@{DIGEST}"
    assert machine.told() == ""
    (here.root / "script" / "clean.py").write_text("changed\n")
    with pytest.raises(MissingError, match="no builder of images works here"):
        push(plan_build(here))


def test_an_image_that_sagemaker_does_not_run_is_refused(
    here: Project, machine: Machine, ecr: Ecr
) -> None:
    machine.has("docker")
    ecr.pushed[DIGEST] = detail("application/vnd.oci.image.index.v1+json")
    with pytest.raises(
        DeployError, match=r"oci.image.index.v1\+json, which SageMaker does not run"
    ):
        push(plan_build(here))


def test_a_push_that_the_registry_refuses_names_the_place(
    here: Project, machine: Machine, ecr: Ecr
) -> None:
    machine.has("buildah")
    machine.refuses("buildah", "push", "denied")
    with pytest.raises(
        DeployError, match=rf"could not push the image to {REGISTRY}/{NAME}:content"
    ):
        push(plan_build(here))
    assert ecr.calls[-1] == "GetAuthorizationToken"


TEMPLATE = """
Resources:
  Images:
    Type: AWS::ECR::Repository
    Properties:
      RepositoryName: 2026-demo-rain-forecast
      ImageTagMutability: IMMUTABLE
      ImageScanningConfiguration: {ScanOnPush: true}
      EncryptionConfiguration: {EncryptionType: KMS, KmsKey: !Ref Key}
      LifecyclePolicy:
        LifecyclePolicyText: '"""
POLICY = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 14,
            },
            "action": {"type": "expire"},
        }
    ]
}


def test_a_repository_is_made_as_the_template_says(here: Project, ecr: Ecr) -> None:
    here.template.write_text(TEMPLATE + json.dumps(POLICY) + "'\n", encoding="utf-8")
    assert ensure_repository(here).is_new
    made = ecr.repositories[NAME]
    assert made["imageTagMutability"] == "IMMUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}
    assert "encryptionConfiguration" not in made  # only a stack knows the key
    assert {tag["Key"]: tag["Value"] for tag in made["tags"]}["environment"] == "dev"
    assert json.loads(ecr.policies[NAME]) == POLICY
    assert not ensure_repository(here).is_new


def test_without_a_word_of_the_template_a_repository_is_closed_and_scanned(
    here: Project, ecr: Ecr
) -> None:
    ensure_repository(here)
    made = ecr.repositories[NAME]
    assert made["imageTagMutability"] == "IMMUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}
    (rule,) = json.loads(ecr.policies[NAME])["rules"]
    assert rule["selection"]["tagStatus"] == "untagged"  # what is deployed has a tag


def test_a_deployment_takes_the_image_of_the_project_as_it_is_now(here: Project, ecr: Ecr) -> None:
    assert parameters(here) == {"ImageUri": ""}
    ensure_repository(here)
    ecr.pushed[gather(here, BASE).tag] = detail()
    uri = f"{REGISTRY}/{NAME}@{DIGEST}"
    assert parameters(here) == {"ImageUri": uri}
    assert parameters(replace(here, image_uri="another")) == {"ImageUri": "another"}
    asked = len(ecr.calls)
    assert parameters(load_project(here.root)) == {"ImageUri": ""}  # the local AWS has none
    assert len(ecr.calls) == asked
    (here.root / lock.REQUIREMENTS).write_text("fastjsonschema\n")
    assert parameters(here) == {"ImageUri": ""}  # it was made from something else


def parameters(here: Project) -> dict[str, str]:
    """What a plan gives to a template that only has ImageUri."""
    packaged = cast("Any", SimpleNamespace(parameters=("ImageUri",)))
    return plan._parameters(here, packaged, Account(ACCOUNT, "us-east-1"), None)  # noqa: SLF001


def test_a_deployment_pushes_what_is_not_there_if_you_agree(
    here: Project, machine: Machine, ecr: Ecr, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.has("buildah")
    screen = Screen(as_json=False)
    ensure_pushed(here, screen, yes=False, dry_run=True)
    assert "is not in ECR: it would be built and pushed" in capsys.readouterr().out
    with pytest.raises(ConfigError, match=r"Build the image .* say --yes if you agree"):
        ensure_pushed(here, screen, yes=False, dry_run=False)
    assert machine.told() == ""
    ecr.pushed[DIGEST] = detail()
    ensure_pushed(here, screen, yes=True, dry_run=False)
    assert f"{REGISTRY}/{NAME}@{DIGEST}" in capsys.readouterr().out
    ecr.pushed[gather(here, BASE).tag] = detail()
    ensure_pushed(here, screen, yes=False, dry_run=False)  # nobody is asked for nothing
    assert capsys.readouterr().out == ""


def test_a_deployment_for_which_an_image_was_promoted_builds_none(
    here: Project, machine: Machine, ecr: Ecr
) -> None:
    machine.has("buildah")
    screen = Screen(as_json=False)
    with pytest.raises(MissingError, match="batcat image promote --from … --env dev"):
        ensure_pushed(here, screen, yes=True, dry_run=False, promoted=True)
    ensure_repository(here)
    ecr.pushed[gather(here, BASE).tag] = detail()
    ensure_pushed(here, screen, yes=True, dry_run=False, promoted=True)
    (here.root / lock.REQUIREMENTS).write_text("fastjsonschema\n")
    for told in ({"promoted": True}, {"locked": True}):
        with pytest.raises(ConfigError, match=r"does not fit .* run: batcat image lock"):
            ensure_pushed(here, screen, yes=True, dry_run=False, **told)
    assert machine.told() == ""


@pytest.mark.parametrize(
    ("operation", "use"),
    [
        ("DescribeRepositories", ensure_repository),
        ("CreateRepository", ensure_repository),
        ("DescribeImages", lambda here: find_pushed(plan_build(here))),
    ],
)
def test_missing_rights_are_named(
    here: Project, ecr: Ecr, operation: str, use: Callable[[Project], object]
) -> None:
    if operation == "DescribeImages":
        ensure_repository(here)
    ecr.denied = {operation}
    with pytest.raises(AccessError, match=f"not authorized to perform: ecr:{operation}"):
        use(here)
