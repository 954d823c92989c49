"""One host of a Processing job: a snapshot of the image and the process that runs in it."""

from __future__ import annotations

import json
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.ecr.images import missing
from batcat_runtime.emulator.images import Container, ImageError, unpack
from batcat_runtime.emulator.logstream import LogStream
from batcat_runtime.emulator.processes import Child, clean_environment

from .job import SESSION, TEXT_BYTES

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from batcat_runtime.emulator.world import World

    from .job import Job

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""Exit codes of a program that does not exist (also in public logs of such jobs) or may not be
executed, as Docker gives them."""


class Host:
    """Host algo-1 … algo-n.

    Args:
        world: where this server runs.
        job: the job it belongs to.
        folder: the job's folder.
        number: from 0.
        count: how many hosts the job has.
    """

    def __init__(self, world: World, job: Job, folder: Path, number: int, count: int) -> None:
        self._world, self._job = world, job
        self.number = number
        self.name = f"algo-{number + 1}"
        self._hosts = [f"algo-{other + 1}" for other in range(count)]
        self._folder = folder / self.name
        self._root = self._folder / "root"
        self._container = Container.empty(self._root)
        self._child: Child | None = None
        self._log: LogStream | None = None
        self._credentials = world.session(job.request["RoleArn"], SESSION)
        self.exit_code: int | None = None

    def path(self, inside: str) -> Path:
        """Where a container path lies on this machine."""
        return self._root / inside.lstrip("/")

    def unpack(self) -> None:
        """Make the image's snapshot."""
        uri = self._job.request["AppSpecification"]["ImageUri"]
        problem = missing(self._world, uri)
        if problem:
            raise ImageError(problem)
        self._container = unpack(uri, self._world.images, self._root)

    def configure(self) -> None:
        """Write /opt/ml/config and make /opt/ml/output."""
        self.path("/opt/ml/output").mkdir(parents=True, exist_ok=True)
        config = self.path("/opt/ml/config")
        config.mkdir(parents=True, exist_ok=True)
        request = {"ProcessingJobArn": self._job.arn, **self._job.request}
        resources = {"current_host": self.name, "hosts": self._hosts}
        for name, document in (
            ("processingjobconfig.json", request),
            ("resourceconfig.json", resources),
        ):
            (config / name).write_text(json.dumps(document, indent=2), encoding="utf-8")

    def start(self, started: datetime) -> None:
        """Start the process; a program that does not exist ends with code 127."""
        command = [self._container.path(word) for word in self._command()]
        stream = f"{self._job.name}/{self.name}-{int(started.timestamp())}"
        key = self._credentials.key
        self._log = LogStream(self._world, LOG_GROUP, stream, self._job.region, key)
        try:
            self._child = Child(command, self._container.cwd, self._environment(), self._log.write)
        except OSError as error:
            self._log.write(f"{command[0]}: {error.strerror}")
            self._log.close()
            denied = isinstance(error, PermissionError)
            self.exit_code = NOT_EXECUTABLE if denied else NOT_FOUND

    def poll(self, seconds: float) -> int | None:
        """Wait a little for the end.

        Args:
            seconds: how long at most.

        Returns:
            The exit code, or None while the process runs.
        """
        if self.exit_code is None and self._child is not None:
            self._ended(self._child.wait(seconds))
        return self.exit_code

    def stop(self) -> None:
        """End the process and all it started."""
        if self.exit_code is None and self._child is not None:
            self._child.stop()
            self._ended(self._child.wait())

    def message(self) -> tuple[str, bool]:
        """What can be read of /opt/ml/output/message, and whether it is UTF-8.

        A program may have cut it at one KB in the middle of a character, which is no mistake.
        """
        file = self.path("/opt/ml/output/message")
        if not file.is_file():
            return "", True
        with file.open("rb") as source:
            data = source.read(TEXT_BYTES)
        try:
            return getincrementaldecoder("utf-8")().decode(data), True
        except UnicodeDecodeError:
            return data.decode("utf-8", "ignore"), False

    def _ended(self, code: int | None) -> None:
        if code is not None and self._log is not None:
            self._log.close()
            self.exit_code = code

    def _command(self) -> list[str]:
        """ContainerEntrypoint and ContainerArguments override ENTRYPOINT and CMD as in Docker."""
        app: dict[str, Any] = self._job.request["AppSpecification"]
        recipe = self._container.recipe
        entrypoint = app.get("ContainerEntrypoint")
        arguments = app.get("ContainerArguments")
        if entrypoint is None:
            command = recipe.entrypoint + (recipe.command if arguments is None else arguments)
        else:
            command = entrypoint + (arguments or [])
        if not command:
            raise ImageError("neither the job nor the image's Dockerfile says what to run")
        return [str(word) for word in command]

    def _environment(self) -> dict[str, str]:
        request = self._job.request
        return {
            **clean_environment(self._folder / "home"),
            **self._container.environment(),
            **request.get("Environment", {}),
            **self._world.environment(self._job.region, self._credentials),
            "PROCESSING_JOB_NAME": self._job.name,
            "PROCESSING_JOB_ARN": self._job.arn,
            "BATCAT_ML_ROOT": str(self.path("/opt/ml")),
        }
