"""``batcat image``."""

# Without `from __future__ import annotations`: typer reads the annotations when it runs.

from typing import Annotated, Any

import typer

from batcat_runtime.deploy.image.build import Built, build, plan_build
from batcat_runtime.deploy.image.builders import find_builder
from batcat_runtime.deploy.image.lock import BASE, PACKAGES, lock_base, lock_packages
from batcat_runtime.deploy.image.push import find_pushed, has_image, pushed_uri
from batcat_runtime.deploy.image.push import push as push_image
from batcat_runtime.deploy.project import Project, load_project
from batcat_runtime.errors import ConfigError

from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder
from .screen import Screen

BuilderName = Annotated[
    str,
    typer.Option(
        "--builder",
        metavar="NAME",
        envvar="BATCAT_BUILDER",
        help="docker or buildah; by default Docker where it runs, else buildah.",
    ),
]
Base = Annotated[
    str,
    typer.Option("--base", metavar="IMAGE", help="Begin with this image, not the locked one."),
]
Locked = Annotated[bool, typer.Option("--locked", help="Refuse a lock that does not fit; for CI.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; make no image.")]

application = typer.Typer(
    help="Build the image that the steps run in, and push it. The local AWS needs none.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@application.command(
    epilog="\b\nExamples:\nbatcat image lock                    pin packages and base anew\n"
    "batcat image lock --base NAME:TAG    begin with another base from now on"
)
@reported
def lock(
    *,
    base: Annotated[
        str, typer.Option("--base", metavar="IMAGE", help="Another base than the Dockerfile's.")
    ] = "",
    builder: BuilderName = "",
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Pin each package of the image by version and hash, and its base by digest.

    Packages get the versions that are installed here, which is what the tests have seen.
    """
    here, screen = load_project(project), Screen(as_json=as_json)
    with screen.busy("Resolving packages …"):
        locked = lock_packages(here)
    screen.say(f"{PACKAGES}: {len(locked.packages)} packages")
    with screen.busy("Fetching the base …"):
        pinned = lock_base(here, find_builder(builder), base)
    screen.say(f"{BASE}: {pinned}")
    screen.answer({"packages": locked.packages, "base": pinned})


@application.command(
    name="build",
    epilog="\b\nExamples:\nbatcat image build                      with Docker, or buildah\n"
    "batcat image build --builder buildah    with buildah\n"
    "batcat image build --dry-run            only say what it would be made from",
)
@reported
def build_verb(  # noqa: PLR0913 - typer makes an option of each argument
    *,
    builder: BuilderName = "",
    base: Base = "",
    locked: Locked = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Build every layer anew.")] = False,
    dry_run: DryRun = False,
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Build the image, for a look or a trial; pushing builds what it needs by itself."""
    here, screen = load_project(project), Screen(as_json=as_json)
    plan = plan_build(here, builder=builder, base=base, locked=locked)
    _describe(screen, plan)
    if dry_run:
        screen.answer({**_document(plan), "status": "PLANNED"})
        return
    with screen.busy("Building …"):
        built = build(plan, builder=builder, cache=not no_cache, say=screen.say)
    screen.say(
        f"{built.name}: {_megabytes(built.size)} with its base, built by {built.builder.name}"
    )
    screen.answer({**_document(plan), "status": "BUILT", **_of(built)})


@application.command(
    epilog="\b\nExamples:\nbatcat image push --env dev              into the account of dev\n"
    "batcat image push --env dev --dry-run    only look whether it is there"
)
@reported
def push(  # noqa: PLR0913 - typer makes an option of each argument
    *,
    env: Environment = "local",
    builder: BuilderName = "",
    base: Base = "",
    locked: Locked = False,
    dry_run: DryRun = False,
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Build the image and push it to an environment's ECR, unless this very image is there.

    The repository is made when it is missing. batcat deploy does the same on its way.
    """
    here, screen = load_project(project, env), Screen(as_json=as_json)
    if here.is_local:
        raise ConfigError(
            "environment local has no registry and needs no image: the local AWS gives each step "
            "what the Dockerfile copies. Name an environment, for example --env dev"
        )
    from .reached import reached

    with reached(here, screen):
        document = pushed(here, screen, builder=builder, base=base, locked=locked, dry_run=dry_run)
    screen.answer(document)


@application.command(
    epilog="\b\nExamples:\nbatcat image promote --from dev --env prod\n"
    "batcat image promote --from dev --from-profile acme-dev --env prod"
)
@reported
def promote(  # noqa: PLR0913 - typer makes an option of each argument
    *,
    source: Annotated[
        str, typer.Option("--from", metavar="NAME", help="Environment whose image it is.")
    ],
    env: Environment = "local",
    source_profile: Annotated[
        str,
        typer.Option(
            "--from-profile",
            metavar="PROFILE",
            help="AWS profile that may read there; by default the same credentials.",
        ),
    ] = "",
    dry_run: DryRun = False,
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Copy the very image that one environment runs to another's ECR, by digest.

    Nothing is built: what was tried there is what runs here. Deploy afterwards.
    """
    from batcat_runtime.deploy.artifacts import account_of
    from batcat_runtime.deploy.image.promote import check, find_origin, profile
    from batcat_runtime.deploy.image.promote import promote as promote_image

    from .reached import reached

    there, here, screen = (
        load_project(project, source),
        load_project(project, env),
        Screen(as_json=as_json),
    )
    check(there, here)
    with profile(source_profile), reached(there, screen):
        origin = find_origin(there)
    screen.say(f"Image {origin.uri}")
    with reached(here, screen):
        account = account_of(here)
        place = f"account {account.id}, region {account.region}"
        document = {"account": account.id, "region": account.region, "digest": origin.digest}
        if dry_run:
            screen.say(f"It would be copied to {place}")
            screen.answer({**document, "status": "PLANNED"})
            return
        with screen.busy("Copying the image …"):
            done = promote_image(origin, here, say=screen.say)
    how = "is there already" if done.was_there else "copied"
    screen.say(f"Image {how}: {done.image.uri}")
    status = "PRESENT" if done.was_there else "PROMOTED"
    screen.answer({**document, "status": status, "image_uri": done.image.uri})


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
    document = {**_document(plan), "account": account.id, "region": account.region}
    if dry_run:
        _describe(screen, plan)
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
    screen.say(f"Image {how}: {done.image.uri} ({_megabytes(done.image.size)} to download)")
    return {
        **document,
        "status": "PRESENT" if done.was_there else "PUSHED",
        "image_uri": done.image.uri,
        "download_size": done.image.size,
    }


def ensure_pushed(here: Project, screen: Screen, *, yes: bool, dry_run: bool) -> None:
    """Bring the image into ECR before a deployment, which then finds it there.

    Raises:
        typer.Exit: whoever was asked does not want it.
    """
    if here.image_uri or not has_image(here):
        return
    from batcat_runtime.deploy.artifacts import account_of

    from .deploy import ask

    account = account_of(here)
    is_there = bool(pushed_uri(here))
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
    pushed(here, screen)


def _describe(screen: Screen, plan: Any) -> None:
    screen.say(f"Image {plan.name}")
    screen.say(f"Base  {plan.inputs.base}")
    for name, value in plan.inputs.labels.items():
        screen.say(f"Label {name} = {value}")
    for note in plan.notes:
        screen.say(note)


def _document(plan: Any) -> dict[str, Any]:
    return {
        "image": plan.name,
        "base": plan.inputs.base,
        "labels": plan.inputs.labels,
        "notes": list(plan.notes),
    }


def _of(built: Built) -> dict[str, Any]:
    return {"id": built.id, "size": built.size, "builder": built.builder.name}


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
