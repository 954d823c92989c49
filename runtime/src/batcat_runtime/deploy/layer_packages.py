"""Install this batcat-runtime and what it needs for a Lambda function, on any machine.

The wheels come from wherever this machine's pip or uv gets them (PIP_INDEX_URL, UV_INDEX_URL, …).
batcat-runtime itself is the one that runs, also when it was installed from a folder or from git.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import distribution, distributions
from importlib.util import find_spec
from pathlib import Path

from batcat_runtime.errors import DeployError, MissingError

from .runtime_wheel import NAME as _NAME
from .runtime_wheel import pack_wheel

# Newest manylinux (that of glibc 2.x) whose wheels load there. Python up to 3.11 runs on Amazon
# Linux 2, for which AWS advises manylinux2014, which is manylinux_2_17 (PEP 600); newer ones run
# on Amazon Linux 2023 with glibc 2.34. Source: AWS Lambda Developer Guide, "Lambda runtimes" and
# "Working with layers for Python Lambda functions"; Amazon Linux 2023 User Guide, "glibc".
PYTHONS = {"3.10": 17, "3.11": 17, "3.12": 34, "3.13": 34, "3.14": 34}
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
_OLDEST = 17

_EXTRA = "arrow"
_LINES = 12
"""Lines of the installer's own words that an error repeats."""


def install(site: Path, python: str, architecture: str) -> None:
    """Install batcat-runtime with Parquet for a Lambda function.

    Args:
        site: folder to install into; it is made.
        python: version of the function's Python, a key of ``PYTHONS``.
        architecture: the function's, a key of ``MACHINES``.

    Raises:
        MissingError: there is neither uv nor pip.
        DeployError: a package has no wheel for the platform, or cannot be fetched.
    """
    wheel = pack_wheel(site.parent)
    newest, machine = PYTHONS[python], MACHINES[architecture]
    tool, command = _installer(python, newest, machine)
    done = subprocess.run(
        [*command, "--target", str(site), f"{_NAME}[{_EXTRA}] @ {wheel.as_uri()}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = "\n".join(done.stderr.strip().splitlines()[-_LINES:])
        raise DeployError(
            f"{tool} could not install {_NAME}[{_EXTRA}] for Python {python} on {architecture}:\n"
            f"{told}\n"
            f"Where a package has no wheel for manylinux_2_{newest}_{machine} or older, choose "
            f"another --python or --arch; else check the index that {tool} is configured for."
        )


def packages_in(site: Path) -> dict[str, str]:
    """Name and version of each distribution in a folder, by name."""
    found = {one.name: one.version for one in distributions(path=[str(site)])}
    return dict(sorted(found.items()))


def _installer(python: str, newest: int, machine: str) -> tuple[str, list[str]]:
    """The tool to install with, and its command for a platform.

    The one that installed batcat-runtime comes first: it is the one whose index is configured.
    """
    uv, pip = _uv(), find_spec("pip") is not None
    if uv and (_installed_by() == "uv" or not pip):
        target = ["--python-platform", f"{machine}-manylinux_2_{newest}", "--no-progress"]
        return "uv", [uv, *_install(python), "--python", sys.executable, *target]
    if pip:
        # Unlike uv, pip takes no older platform for granted, and what a package needs of others
        # it reads for the Python that runs.
        tags = [f"manylinux_2_{minor}_{machine}" for minor in range(newest, _OLDEST - 1, -1)]
        platforms = [
            part for tag in (*tags, f"manylinux2014_{machine}") for part in ("--platform", tag)
        ]
        target = [
            "--implementation",
            "cp",
            *platforms,
            "--no-compile",
            "--disable-pip-version-check",
        ]
        return "pip", [sys.executable, "-m", *_install(python), *target]
    raise MissingError(
        f"neither uv nor pip is installed for {sys.executable}, and a layer needs one of them; "
        f"run: {sys.executable} -m ensurepip"
    )


def _uv() -> str | None:
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def _install(python: str) -> list[str]:
    """What both tools understand."""
    return ["pip", "install", "--quiet", "--python-version", python, "--only-binary", ":all:"]


def _installed_by() -> str:
    return (distribution(_NAME).read_text("INSTALLER") or "").strip()
