"""The lock: every package of the image by version and hash, and the base by digest.

uv resolves: it does so for the image's Python and platform whatever this machine is, writes the
hashes that pip checks, and is one program. (pip-compile resolves for the machine it runs on, and
pip's own ``pip lock`` is experimental and does as well.) Both files belong into git.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING

from batcat_runtime.config import get_config
from batcat_runtime.deploy.project import CONFIG
from batcat_runtime.deploy.runtime_wheel import NAME, pack_wheel
from batcat_runtime.errors import ConfigError, DeployError, MissingError

from .index import index_of

if TYPE_CHECKING:
    from batcat_runtime.deploy.project import Project

    from .builders import Builder

FOLDER = Path("deploy", "docker")
REQUIREMENTS = FOLDER / "requirements.txt"
PACKAGES = FOLDER / "lock" / "packages.txt"
BASE = FOLDER / "lock" / "base.txt"

PLATFORM = "linux/amd64"
"""What Processing jobs run on: none of the instance types that botocore's model of SageMaker lists
for them (ProcessingInstanceType) has an Arm processor."""
# glibc 2.28 is that of Debian 10: older than that of any base with a Python that is supported.
_UV_PLATFORM = "x86_64-manylinux_2_28"

_LINES = 12
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", re.MULTILINE)
_MADE_FROM = re.compile(r"^# made from (\w+)$", re.MULTILINE)
# A name with a marker (;) need not be on this machine, and a URL has no name.
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*([\[<>=!~@,#][^;]*)?$")


@dataclass(frozen=True)
class Lock:
    """The lock of a project as it is on disk.

    Attributes:
        packages: version of each package.
        is_current: whether it was made from the requirements as they are now.
        base: the base with its digest; empty when it is not locked, or when the Dockerfile named
            another one then.
    """

    packages: dict[str, str]
    is_current: bool
    base: str


def read_lock(project: Project) -> Lock:
    """Read a project's lock; an empty one where there is none."""
    text, base = _text(project.root / PACKAGES), _text(project.root / BASE)
    made_from = _MADE_FROM.search(text)
    instead, _, pinned = base.partition("\n")
    return Lock(
        packages=dict(_PIN.findall(text)),
        is_current=bool(made_from and made_from[1] == _state(project)),
        base=pinned.strip() if instead == _instead_of(project) else "",
    )


def lock_packages(project: Project) -> Lock:
    """Resolve what the image needs, and write the lock.

    What is installed here is what tests have seen, so its versions are taken.

    Args:
        project: the project.

    Returns:
        The lock.

    Raises:
        MissingError: uv is not installed.
        ConfigError: a package is not installed here, or comes from where it cannot be hashed.
        DeployError: uv finds no versions that go together.
    """
    _check(project.root / REQUIREMENTS)
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        raise MissingError("uv, which makes the lock, is not installed; run: pip install uv")
    with tempfile.TemporaryDirectory(prefix="batcat-lock-") as scratch:
        told = _compile(uv, project, Path(scratch))
    head = "# The image's packages. Made by batcat image lock; keep it in git.\n"
    _write(project.root / PACKAGES, f"{head}# made from {_state(project)}\n{told}")
    return read_lock(project)


def lock_base(project: Project, builder: Builder, base: str = "") -> str:
    """Look up which image the base's name stands for now, and write its digest down.

    The builder asks, because its mirrors and logins are those the build will use.

    Args:
        project: the project.
        builder: Docker or buildah.
        base: name of another base than the Dockerfile's.

    Returns:
        The name with the digest.

    Raises:
        ConfigError: it is an image of this machine alone, which nobody else could find.
        DeployError: it cannot be found.
    """
    base = base or default_base(project)
    doing = f"fetch the base {base}"
    if "@" in base:
        pinned = base
    elif builder.is_docker:
        builder.call(doing, "pull", "--quiet", "--platform", PLATFORM, base)
        asked = builder.ask(doing, "image", "inspect", "--format", "{{json .RepoDigests}}", base)
        pinned = next(iter(re.findall(r'"([^"]+@sha256:[0-9a-f]{64})"', asked)), "")
    else:
        builder.call(doing, "pull", "--quiet", "--platform", PLATFORM, f"docker://{base}")
        told = builder.ask(
            doing, "inspect", "--type", "image", "--format", "{{.FromImageDigest}}", base
        )
        name = base.rpartition(":")[0] if ":" in base.rpartition("/")[2] else base
        pinned = f"{name}@{told}" if told else ""
    if not pinned:
        raise ConfigError(f"{base} has no digest, for no registry has it; push it to one first")
    _write(project.root / BASE, f"{_instead_of(project)}\n{pinned}\n")
    return pinned


def default_base(project: Project) -> str:
    """The base that the Dockerfile names."""
    file = project.root / FOLDER / "Dockerfile"
    if not file.is_file():
        raise MissingError(f"{file} does not exist; it comes with the project: run copier update")
    found = re.search(r"^ARG BASE=(\S+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ConfigError(f"{file} has no line ARG BASE=…, which says what the image begins with")
    return found[1]


def differences(lock: Lock) -> dict[str, tuple[str, str]]:
    """Packages whose version here, which tests have seen, is not the image's.

    Returns:
        Name to (version in the lock, version here).
    """
    here = _installed()
    return {
        name: (version, here[_plain(name)])
        for name, version in lock.packages.items()
        if here.get(_plain(name), version) != version
    }


def runtime_requirement(project: Project) -> str:
    """batcat-runtime with the extras that the project's steps need."""
    return f"{NAME}[athena]" if "athena" in project.queried else NAME


def python_version(project: Project) -> str:
    """The image's Python, as deploy/config.json says it."""
    version = get_config(project.root / CONFIG).get("python_version")
    if not version:
        raise ConfigError(f"{CONFIG} has no python_version, which is the image's; add it")
    return str(version)


def _state(project: Project) -> str:
    """Hash of all that the lock follows from, but for the index."""
    needs = sorted(distribution(NAME).requires or ())
    lines = [line.split(" #")[0].strip() for line in _requirements(project).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    said = [python_version(project), PLATFORM, runtime_requirement(project), *needs, *lines]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _requirements(project: Project) -> str:
    file = project.root / REQUIREMENTS
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise MissingError(f"{file} does not exist; list there what the steps import") from error


def _instead_of(project: Project) -> str:
    return f"# for {default_base(project)}, of the Dockerfile"


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _check(file: Path) -> None:
    """Refuse what no test has seen, and what no hash can be given for."""
    installed = _installed()
    for line in file.read_text(encoding="utf-8").splitlines():
        if re.search(r"(^|@\s*)(git|hg|svn|bzr)\+", line.strip()):
            raise ConfigError(
                f"{REQUIREMENTS}: {line.strip()} cannot be hashed, and the base has no git; give "
                "the address of its wheel, or of an archive of the commit (…/<commit>.tar.gz)"
            )
        name = _NAMED.match(line.strip())
        if name and _plain(name[1]) not in installed:
            raise ConfigError(
                f"{REQUIREMENTS} names {name[1]}, which is not installed here, so no test has "
                "seen it; run: pip install -r requirements.txt"
            )


def _compile(uv: str, project: Project, scratch: Path) -> str:
    wheel = pack_wheel(scratch)
    needed = runtime_requirement(project)
    (scratch / "runtime.in").write_text(f"{needed} @ {wheel.as_uri()}\n", encoding="utf-8")
    # What came from a URL or a folder is left out: its own line says which one it is.
    tested = [f"{name}=={version}\n" for name, version in _installed(from_index=True).items()]
    (scratch / "tested.txt").write_text("".join(tested), encoding="utf-8")
    output = scratch / "lock.txt"
    command = [
        *(uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"),
        *("--python-version", python_version(project), "--python-platform", _UV_PLATFORM),
        *("--no-emit-package", NAME, "--constraint", str(scratch / "tested.txt")),
        *("--output-file", str(output)),
        *(str(scratch / "runtime.in"), str(project.root / REQUIREMENTS)),
    ]
    index = index_of(project.root)
    done = subprocess.run(
        command,
        env={**index.environment, **os.environ},  # uv's own variables win
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = "\n".join(done.stderr.strip().splitlines()[-_LINES:])
        raise DeployError(
            f"uv found no packages for Python {python_version(project)} on {PLATFORM}:\n{told}\n"
            "The versions are those installed here; where one of them does not exist for the "
            f"image, change {REQUIREMENTS} and run: pip install -r requirements.txt"
        )
    return output.read_text(encoding="utf-8")


def _installed(*, from_index: bool = False) -> dict[str, str]:
    """Version of each package that is installed here, the first one of each name."""
    found: dict[str, str] = {}
    seen = set()
    for one in distributions():
        name = _plain(one.metadata["Name"] or "")
        local = "+" in one.version or one.read_text("direct_url.json") is not None
        if name and name not in seen and not (from_index and local):
            found[name] = one.version
        seen.add(name)
    return dict(sorted(found.items()))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
