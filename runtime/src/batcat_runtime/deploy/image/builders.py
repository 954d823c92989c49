"""Docker and buildah: found, called, and understood when they fail."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from batcat_runtime.errors import ConfigError, DeployError, MissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NAMES = ("docker", "buildah")
_LINES = 12
"""Lines of a builder's own words that an error repeats."""
_STEP = re.compile(r"STEP \d+/\d+: |#\d+ \[\s*\d+/\d+\] ")
_INSTALL = "install Docker, or on a machine without it buildah (apt-get install buildah)"

_ADVICE = (
    (r"no space left on device", "the disk is full; make room, for example: {prune}"),
    (r"cannot connect to the docker daemon", "start Docker, or use --builder buildah"),
    (r"permission denied.*docker.*socket", "join the group docker, or use --builder buildah"),
    (r"hashes|hash mismatch", "the index gave other files than the lock names; batcat image lock"),
    (
        r"no matching distribution|could not find a version",
        "check the index, or: batcat image lock",
    ),
    (r"certificate", "set PIP_CERT to the bundle with your organisation's certificate"),
    (r"manifest unknown|not found: manifest", "check the base's name, or: batcat image lock"),
    (r"unauthorized|denied|no basic auth", "check that the credentials may use the repository"),
    (r"newuidmap|subuid|user namespace", "run it as root, or give the user subordinate ids"),
)
_PRUNE = {"docker": "docker system prune", "buildah": "buildah rm --all; buildah rmi --prune"}


@dataclass(frozen=True)
class Builder:
    """A program that builds and pushes images.

    Attributes:
        name: ``docker`` or ``buildah``.
        program: its path.
        environment: variables it gets besides those of this process.
    """

    name: str
    program: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_docker(self) -> bool:
        """Whether it is Docker."""
        return self.name == "docker"

    def call(
        self,
        doing: str,
        *arguments: str,
        say: Callable[[str], None] | None = None,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run the program to its end.

        Args:
            doing: what for, as an error says it, such as ``build the image``.
            arguments: what to say to it; never a secret, for every user of a machine sees them.
            say: gets each step's line as it is printed.
            folder: working folder.
            environment: further variables.

        Returns:
            All it printed, on both streams.

        Raises:
            DeployError: it failed; the message repeats its last lines and says what to try.
        """
        command = [self.program, *arguments]
        variables = {**os.environ, **self.environment, **(environment or {})}
        told: deque[str] = deque()
        with subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                told.append(line)
                if say is not None and _STEP.match(line):
                    say(line.strip())
        if process.returncode:
            raise DeployError(self._explained(doing, told))
        return "".join(told)

    def ask(self, doing: str, *arguments: str) -> str:
        """Run the program for its answer on standard output; see :meth:`call`."""
        done = _run([self.program, *arguments], {**os.environ, **self.environment})
        if done.returncode:
            raise DeployError(self._explained(doing, done.stderr.splitlines(keepends=True)))
        return done.stdout.strip()

    def _explained(self, doing: str, told: Sequence[str]) -> str:
        last = "".join(list(told)[-_LINES:]).strip()
        advice = next(
            (text for sign, text in _ADVICE if re.search(sign, last, re.IGNORECASE | re.DOTALL)),
            f"its own words are above; {self.name} itself can be tried with the same Dockerfile",
        )
        advice = advice.format(prune=_PRUNE[self.name])
        return f"{self.name} could not {doing}:\n{last}\nWhat to try: {advice}"


def find_builder(wanted: str = "") -> Builder:
    """Find the program to build with: Docker where it runs, else buildah.

    Args:
        wanted: ``docker`` or ``buildah``; empty takes BATCAT_BUILDER, or else whichever works.

    Returns:
        The builder.

    Raises:
        ConfigError: there is no builder of that name.
        MissingError: none is installed and running; the message says what each one lacks.
    """
    wanted = wanted or os.environ.get("BATCAT_BUILDER", "")
    if wanted and wanted not in NAMES:
        raise ConfigError(f"there is no builder {wanted!r}; choose {' or '.join(NAMES)}")
    lacks = {}
    for name in [wanted] if wanted else NAMES:
        program = shutil.which(name)
        lack = "it is not installed" if program is None else _lack(name, program)
        if program is not None and not lack:
            return Builder(name, program, _environment(name))
        lacks[name] = lack
    told = "; ".join(f"{name}: {lack}" for name, lack in lacks.items())
    raise MissingError(f"no builder of images works here ({told}); {_INSTALL}")


def _environment(name: str) -> dict[str, str]:
    if name == "docker":
        # One manifest for one platform: SageMaker takes no index, which attestations would need.
        return {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    # A change of root needs no runtime, no namespaces and no daemon, so it works in containers.
    return {"BUILDAH_ISOLATION": os.environ.get("BUILDAH_ISOLATION", "chroot")}


def _lack(name: str, program: str) -> str:
    """What an installed builder lacks; empty when it works."""
    if name == "buildah":
        return ""
    done = _run([program, "version", "--format", "{{.Server.Version}}"], dict(os.environ))
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["its daemon does not answer"])[-1]
    if _run([program, "buildx", "version"], dict(os.environ)).returncode:
        return "it has no buildx (package docker-buildx-plugin), which builds with secrets"
    return ""


def _run(command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


class Login:
    """A login at one registry, in a folder that only this user reads and that is gone afterwards.

    Neither the user's own credential store nor a command line ever sees the password.

    Args:
        builder: who logs in.
        registry: host name of the registry.
        token: ``user:password`` in Base64, as ECR gives it and as both programs keep it.
    """

    def __init__(self, builder: Builder, registry: str, token: str) -> None:
        self._builder = builder
        self._document = {"auths": {registry: {"auth": token}}}
        self._folder = tempfile.TemporaryDirectory(prefix="batcat-login-")  # made with mode 0700

    def __enter__(self) -> dict[str, str]:
        """Write it down.

        Returns:
            The variables with which the builder finds it.
        """
        file = Path(self._folder.name) / "config.json"
        file.write_text(json.dumps(self._document), encoding="utf-8")
        if not self._builder.is_docker:
            return {"REGISTRY_AUTH_FILE": str(file)}
        # The folder also says which daemon is meant; that has to stay the user's choice.
        host = self._builder.ask(
            "say where its daemon is",
            *("context", "inspect", "--format", "{{.Endpoints.docker.Host}}"),
        )
        return {"DOCKER_CONFIG": self._folder.name, "DOCKER_HOST": host}

    def __exit__(self, *_: object) -> None:
        """Remove it."""
        self._folder.cleanup()
