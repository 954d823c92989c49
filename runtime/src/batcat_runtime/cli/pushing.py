"""Bring the image into an environment's ECR and tell about it: ``image push`` and ``deploy``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from batcat_runtime.deploy.image.build import plan_build
from batcat_runtime.deploy.image.push import find_pushed, has_image, pushed_uri
from batcat_runtime.deploy.image.push import push as push_image
from batcat_runtime.errors import MissingError

if TYPE_CHECKING:
    from batcat_runtime.deploy.image.build import BuildPlan
    from batcat_runtime.deploy.project import Project

    from .screen import Screen


def pushed(  # noqa: PLR0913 - what the verb is told
    here: Project,
    screen: Screen,
    *,
    builder: str = "",
    base: str = "",
    locked: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Push a project's image and tell about it.

    Args:
        here: the project, in an environment that is an account.
        screen: where to tell.
        builder: as :func:`batcat_runtime.deploy.image.build.build` takes it.
        base: begin with this image instead of the locked one.
        locked: refuse a lock that does not fit.
        dry_run: only look whether the image is there.

    Returns:
        The answer's document; ``image_uri`` is what the stack needs.
    """
    from batcat_runtime.deploy.artifacts import account_of

    account = account_of(here)
    plan = plan_build(here, builder=builder, base=base, locked=locked)
    document = {**told(plan), "account": account.id, "region": account.region}
    if dry_run:
        describe(screen, plan)
        found = find_pushed(plan)
        state = f"it is there: {found.uri}" if found else "it would be built and pushed"
        screen.say(f"In account {account.id}, region {account.region}, {state}")
        status = "PRESENT" if found else "PLANNED"
        return {**document, "status": status, "image_uri": found.uri if found else ""}
    with screen.busy("Bringing the image into ECR …"):
        done = push_image(plan, builder=builder, say=screen.say)
    for note in plan.notes:
        screen.say(note)
    if done.made_repository:
        screen.say(f"Made the ECR repository {here.repository}")
    how = "is there already" if done.was_there else "pushed"
    screen.say(f"Image {how}: {done.image.uri} ({megabytes(done.image.size)} to download)")
    return {
        **document,
        "status": "PRESENT" if done.was_there else "PUSHED",
        "image_uri": done.image.uri,
        "download_size": done.image.size,
    }


def ensure_pushed(  # noqa: PLR0913 - what the verb is told
    here: Project,
    screen: Screen,
    *,
    yes: bool,
    dry_run: bool,
    locked: bool = False,
    promoted: bool = False,
) -> None:
    """Bring the image into ECR before a deployment, which then finds it there.

    Args:
        here: the project, in its environment.
        screen: where to tell and to ask.
        yes: do not ask.
        dry_run: only look whether the image is there.
        locked: refuse a lock that does not fit.
        promoted: build nothing.

    Raises:
        ConfigError: the lock does not fit.
        MissingError: the image is not there, and may not be built.
        typer.Exit: whoever was asked does not want it.
    """
    if here.image_uri or not has_image(here):
        return
    from batcat_runtime.deploy.artifacts import account_of

    from .deploy import ask

    account = account_of(here)
    must_fit = locked or promoted
    is_there = bool(find_pushed(plan_build(here, locked=True)) if must_fit else pushed_uri(here))
    if promoted and not is_there:
        raise MissingError(
            f"the image of the project as it is here is not in ECR of account {account.id}, "
            f"region {account.region}, and --promoted builds none; bring it there: "
            f"batcat image promote --from …{here.option}"
        )
    if dry_run or is_there:
        if not is_there:
            screen.say("The image of these steps is not in ECR: it would be built and pushed")
        return
    where = f"ECR of account {account.id}, region {account.region}"
    question = f"Build the image of the steps and push it to {where}?"
    if not yes and not ask(question, screen):
        screen.say("Nothing was changed.")
        screen.answer({"status": "DECLINED"})
        raise typer.Exit(1)
    pushed(here, screen, locked=locked)


def describe(screen: Screen, plan: BuildPlan) -> None:
    """Show what an image would be made from."""
    screen.say(f"Image {plan.name}")
    screen.say(f"Base  {plan.inputs.base}")
    for name, value in plan.inputs.labels.items():
        screen.say(f"Label {name} = {value}")
    for note in plan.notes:
        screen.say(note)


def told(plan: BuildPlan) -> dict[str, Any]:
    """Say the same for programs."""
    return {
        "image": plan.name,
        "base": plan.inputs.base,
        "labels": plan.inputs.labels,
        "notes": list(plan.notes),
    }


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e6:.0f} MB"
