"""Which AWS a verb reaches.

Environment ``local`` is the local AWS whose endpoint is exported, or else one that lives as long
as the command; its credentials are always made up. Any other environment is an account: it never
sees the local endpoint nor the made-up credentials.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from importlib import import_module
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batcat_runtime.deploy.project import Project

    from .screen import Screen

_MADE_UP = "batcat-local"


@contextmanager
def reached(project: Project, screen: Screen) -> Iterator[bool]:
    """Point every AWS client of this process at the project's environment.

    Args:
        project: the project in its environment.
        screen: where to show that a local AWS is starting.

    Yields:
        Whether a local AWS was started just for this command.
    """
    if not project.is_local:
        _point_at_account(project)
        yield False
        return
    url = os.environ.get("AWS_ENDPOINT_URL", "")
    if is_loopback(url):
        _point_at_local(local_environment(url, project.region))
        yield False
        return
    # The server takes about as long to start as boto3 takes to import: do both at once.
    Thread(target=import_module, args=("boto3.session",), daemon=True).start()
    with ExitStack() as stack:
        with screen.busy("Starting a local AWS …"):
            images = {project.repository: project.root}
            aws = stack.enter_context(LocalAws(images=images, region=project.region))
        _point_at_local(aws.environment)
        yield True


def say_unenforced(project: Project, screen: Screen) -> None:
    """Say what a project asks for and the local AWS leaves away."""
    if project.network_isolation and not project.is_isolated:
        screen.say("Without network_isolation: the local AWS cuts no step off from the network.")


def is_nowhere(project: Project) -> bool:
    """Whether there is nothing to look at: environment local, and no local AWS exported."""
    return project.is_local and not is_loopback(os.environ.get("AWS_ENDPOINT_URL", ""))


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine and nothing else."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def local_environment(url: str, region: str) -> dict[str, str]:
    """Variables that point any AWS SDK at a local AWS, and at nothing else."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": _MADE_UP,
        "AWS_SECRET_ACCESS_KEY": f"{_MADE_UP}-secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _point_at_local(environment: dict[str, str]) -> None:
    # A profile or a service's own endpoint would win over what is set here.
    for name in list(os.environ):
        if name.startswith("AWS_ENDPOINT_URL_"):
            del os.environ[name]
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ.update(environment)


def _point_at_account(project: Project) -> None:
    for name, value in list(os.environ.items()):
        if name.startswith("AWS_ENDPOINT_URL") and is_loopback(value):
            del os.environ[name]
    if os.environ.get("AWS_ACCESS_KEY_ID", "").startswith(_MADE_UP):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = project.region
