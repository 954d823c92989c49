"""``batcat local``."""

import shlex
import socket
import threading
from pathlib import Path
from typing import Annotated

import typer

from batcat_runtime.deploy.project import Project, load_project
from batcat_runtime.emulator import LocalAws
from batcat_runtime.errors import DeployError, MissingError

from .errors import reported
from .options import AsJson, Debug, ProjectFolder
from .screen import Screen

CHECK_SECONDS = 2.0
"""How often to see that the server still answers, in seconds."""


EXAMPLES = """
batcat local                            on a free port
batcat local --port 4566                on a port of your choice
batcat local --state .batcat/local      keep what is in S3
batcat local --json                     the environment as JSON, for a program
"""


@reported
def local(
    *,
    port: Annotated[
        int, typer.Option("--port", metavar="NUMBER", min=0, max=65535, help="0 takes a free one.")
    ] = 0,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="DIR", help="Keep S3 objects and job folders here."),
    ] = None,
    project: ProjectFolder = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Serve a local AWS until Ctrl-C.

    It prints what to export, so that any AWS tool reaches it: batcat, the AWS CLI, sam, boto3.
    """
    screen = Screen(as_json=as_json)
    here = _project(project)
    images = {here.repository: here.root} if here else {}
    region = here.region if here else "us-east-1"
    with LocalAws(images=images, region=region, state=state, port=port) as aws:
        screen.say(f"Local AWS at {aws.url}, region {aws.region}, account {aws.account}", "bold")
        screen.say("In another terminal:\n")
        for name, value in aws.environment.items():
            screen.say(f"export {name}={shlex.quote(value)}")
        kept = f"S3 is kept in {state}" if state else "nothing is kept (--state DIR keeps S3)"
        screen.say(f"\nCtrl-C stops it and every job in it; {kept}.")
        screen.answer(
            {
                "url": aws.url,
                "region": aws.region,
                "account": aws.account,
                "environment": aws.environment,
            }
        )
        _wait(aws)


def _project(folder: Path | None) -> Project | None:
    """The project whose image is served; a local AWS without any is of use, too."""
    try:
        return load_project(folder)
    except MissingError:
        if folder is not None:
            raise
        return None


def _wait(aws: LocalAws) -> None:
    """Wait for Ctrl-C, or for the server's own end."""
    port = int(aws.url.rsplit(":", 1)[1])
    while not threading.Event().wait(CHECK_SECONDS):
        if not _answers(port):
            raise DeployError("the local AWS has ended by itself; start it again")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=CHECK_SECONDS).close()
    except OSError:
        return False
    return True
