"""``batcat image``."""

# Without `from __future__ import annotations`: typer reads the annotations when it runs.

from typing import Annotated, Any

import typer

from batcat_runtime.deploy.image.build import Built, build, plan_build
from batcat_runtime.deploy.image.builders import find_builder
from batcat_runtime.deploy.image.lock import BASE, PACKAGES, lock_base, lock_packages
from batcat_runtime.deploy.project import load_project
from batcat_runtime.errors import ConfigError

from .errors import reported
from .options import AsJson, Debug, Environment, ProjectFolder
from .pushing import describe, megabytes, pushed, told
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
    describe(screen, plan)
    if dry_run:
        screen.answer({**told(plan), "status": "PLANNED"})
        return
    with screen.busy("Building …"):
        built = build(plan, builder=builder, cache=not no_cache, say=screen.say)
    screen.say(
        f"{built.name}: {megabytes(built.size)} with its base, built by {built.builder.name}"
    )
    screen.answer({**told(plan), "status": "BUILT", **_of(built)})


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
    """Copy the image of this project, as it was tried in one environment, to another's ECR.

    By digest, and nothing is built: what was tried there is what runs here. Deploy afterwards.
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
    if not origin.is_running:
        screen.say(
            f"Environment {there.environment} runs another one: take care that this one has "
            "passed its trial run there"
        )
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


def _of(built: Built) -> dict[str, Any]:
    return {"id": built.id, "size": built.size, "builder": built.builder.name}
