"""The command ``batcat`` and its verbs."""

# Without `from __future__ import annotations`: typer reads the annotations when it runs.

from typing import Annotated

import typer

from . import (
    audit,
    check,
    cost,
    deploy,
    doctor,
    down,
    image,
    layer,
    local,
    logs,
    rollback,
    run,
    status,
)

application = typer.Typer(
    name="batcat",
    help="Run a project's pipeline on a local AWS, and put the same pipeline into an account.",
    epilog="Begin with: batcat run",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"batcat {version('batcat-runtime')}")
        raise typer.Exit


@application.callback()
def batcat(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Run a project's pipeline on a local AWS, and put the same pipeline into an account."""


for module in (run, check, deploy, rollback, local, logs, status, down, layer, audit, doctor, cost):
    name = module.__name__.rpartition(".")[2]
    # \b keeps typer from filling the lines like prose.
    application.command(name, epilog=f"\b\nExamples:\n{module.EXAMPLES.strip()}")(
        getattr(module, name)
    )
application.add_typer(image.application, name="image")
