"""The project's own files: configuration, template, and the version of batcat-runtime."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING

from batcat_runtime.deploy import definition
from batcat_runtime.deploy.package import package
from batcat_runtime.deploy.project import CONFIG, TEMPLATE
from batcat_runtime.errors import BatCatError

from .finding import FAILED, OK, WARNING, Finding, NotLooked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .seen import Seen

REQUIREMENTS = "requirements.txt"
_NEEDED = re.compile(r"^batcat-runtime\s*(?:\[[^\]]*\])?\s*(?P<wanted>[^#\n]*)", re.MULTILINE)


def check_config(seen: Seen) -> Iterator[Finding]:
    """``deploy/config.json`` says what it must, and nothing that nobody knows."""
    if seen.problem:
        mend = f"correct {CONFIG}; the checks below take of it what can be used"
        yield Finding("config", FAILED, seen.problem, str(CONFIG), mend)
    else:
        yield Finding("config", OK, "fits its schema", str(CONFIG))


def check_template(seen: Seen) -> Iterator[Finding]:
    """Template and workflow can be read and mean what the configuration means."""
    project = seen.project
    try:
        definition.check(project, package(project.template, "bucket", project.stack))
    except BatCatError as error:
        yield Finding("template", FAILED, str(error), str(TEMPLATE), f"correct {TEMPLATE}")
    else:
        text = "template and workflow can be read, and run the steps of the configuration"
        yield Finding("template", OK, text, str(TEMPLATE))


def check_runtime(seen: Seen) -> Iterator[Finding]:
    """The version of batcat-runtime that runs here is the one that the project names."""
    file = seen.project.root / REQUIREMENTS
    try:
        found = _NEEDED.search(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotLooked(f"{REQUIREMENTS} cannot be read: {error.strerror}") from error
    installed = version("batcat-runtime")
    wanted = found["wanted"].strip() if found else ""
    exact = re.fullmatch(r"==\s*([^\s;,]+)\s*(;.*)?", wanted)
    if exact and exact[1] != installed:
        text = f"batcat-runtime {installed} is installed, but the project names {exact[1]}"
        mend = f"pip install -r {REQUIREMENTS}"
        yield Finding("runtime", WARNING, text, REQUIREMENTS, mend)
    elif not found:
        text = f"batcat-runtime {installed} is installed, but the project does not name it"
        mend = f"add to {REQUIREMENTS}: batcat-runtime[cli,local]=={installed}"
        yield Finding("runtime", WARNING, text, REQUIREMENTS, mend)
    else:
        yield Finding("runtime", OK, f"batcat-runtime {installed}", REQUIREMENTS)
