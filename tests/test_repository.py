"""The image's repository: the same one whoever makes it, and no stack takes its images away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime import aws
from batcat_runtime.deploy import (
    Project,
    apply,
    discard,
    load_project,
    make_plan,
    plan_removal,
    remove,
)
from batcat_runtime.deploy.image.repository import ensure_repository, find_repository
from batcat_runtime.deploy.stack import find_stack, resources
from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "layers": [{"size": 7, "digest": f"sha256:{'1' * 64}"}],
    }
)


@pytest.fixture(scope="module")
def here(
    render: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A project in an environment that is an account; a local AWS stands for it."""
    root = render(tmp_path_factory.mktemp("repository") / "p")
    with LocalAws() as local, pytest.MonkeyPatch.context() as patch:
        for name, value in local.environment.items():
            patch.setenv(name, value)
        yield load_project(root, "dev")


def done(steps: Iterator[object]) -> None:
    for _ in steps:
        pass


def looked_at(here: Project) -> dict[str, Any]:
    """All that can be said of the repository, but when it was made."""
    ecr, name = aws.client("ecr", here.region), here.repository
    (found,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    found.pop("createdAt")
    tags = ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    policy = ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
    plain = {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")}
    return {**found, "tags": plain, "policy": json.loads(policy)}


def test_a_push_makes_the_repository_that_the_stack_would_have_made(here: Project) -> None:
    """And the stack then leaves it alone."""
    done(apply(make_plan(here)))
    by_stack = looked_at(here)
    assert make_plan(here).is_empty
    done(remove(plan_removal(here, delete_data=True)))
    assert find_repository(here) is None
    assert ensure_repository(here).is_new
    assert looked_at(here) == by_stack
    plan = make_plan(here)
    assert plan.parameters["CreateRepository"] == "false"
    assert "AWS::ECR::Repository" not in {change.type for change in plan.changes}
    discard(plan)
    done(remove(plan_removal(here)))
    assert find_repository(here) is None


def test_a_stack_that_is_deleted_leaves_the_images_to_the_next(here: Project) -> None:
    """Only batcat down takes them, which shows them first."""
    done(apply(make_plan(here)))
    ecr = aws.client("ecr", here.region)
    ecr.put_image(repositoryName=here.repository, imageManifest=MANIFEST, imageTag="content-1")
    cloudformation = aws.client("cloudformation", here.region)
    cloudformation.delete_stack(StackName=here.stack)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=here.stack, WaiterConfig={"Delay": 1}
    )
    assert find_repository(here) is not None
    plan = make_plan(here)
    assert plan.parameters["CreateRepository"] == "false"
    done(apply(plan))
    stack = find_stack(here.stack, here.region)
    assert stack is not None
    assert "Repository" not in resources(stack.id, here.region)
    removal = plan_removal(here, delete_data=True)
    assert [(one.where, one.count) for one in removal.removed if one.kind == "images"] == [
        (here.repository, 1)
    ]
    done(remove(removal))
    assert find_repository(here) is None
