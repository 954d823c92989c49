"""Real processes in groups of their own: started, read line by line, and always ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHON_NAMES = ("python", "python3", f"python3.{sys.version_info.minor}")
"""Commands that stand for the interpreter of this server, with or without a folder before them:
the Python of an image has the project's packages, that of this machine may not."""

GRACE_SECONDS = 2.0
"""Time between SIGTERM and SIGKILL, in seconds."""

SIGNAL_BASE = 128
"""A container killed by signal n exits with 128 + n."""

READER_SECONDS = 5.0
"""How long to read on after the end: a descendant in a session of its own may hold the pipe."""

_running: set[Child] = set()
_lock = Lock()


class Child:
    """A process group whose output goes, line by line, to a function.

    Args:
        command: program and arguments; ``python`` and ``python3`` mean this interpreter.
        cwd: working directory.
        environment: the whole environment.
        on_line: called with each line of stdout and stderr, without its end.
        stdin: bytes for the standard input, or None for an empty one.

    Raises:
        OSError: the program cannot be started.
    """

    def __init__(
        self,
        command: list[str],
        cwd: Path,
        environment: dict[str, str],
        on_line: Callable[[str], None],
        *,
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        program = command[0]
        if Path(program).name in PYTHON_NAMES:
            program = sys.executable
        self._on_line = on_line
        self._process = subprocess.Popen(
            [program, *command[1:]],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
        )
        with _lock:
            _running.add(self)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id, which is its group's id too."""
        return self._process.pid

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait for the end.

        Args:
            seconds: how long at most; None waits for ever.

        Returns:
            Exit code (128 + n after signal n), or None if it still runs.
        """
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        # A container ends with its first process: what that one left behind ends too.
        self._signal(signal.SIGKILL)
        self._reader.join(READER_SECONDS)
        with _lock:
            _running.discard(self)
        return code if code >= 0 else SIGNAL_BASE - code

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """End the whole group: SIGTERM, and SIGKILL after a grace period in seconds."""
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            if self.wait(grace) is None:
                self._signal(signal.SIGKILL)
        self.wait()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _read(self) -> None:
        pipe = self._process.stdout
        if pipe is None:
            return
        with pipe:
            for line in pipe:
                self._on_line(line.decode("utf-8", "replace").rstrip("\r\n"))


def stop_all(grace: float = GRACE_SECONDS) -> None:
    """End every child that still runs, all at the same time."""
    with _lock:
        children = list(_running)
    stoppers = [Thread(target=child.stop, args=(grace,)) for child in children]
    for stopper in stoppers:
        stopper.start()
    for stopper in stoppers:
        stopper.join()


def clean_environment(home: Path) -> dict[str, str]:
    """The least a program needs; nothing of this server's own environment but the search path.

    Args:
        home: folder for HOME and, below it, TMPDIR; made here.
    """
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    search = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    environment = {
        "PATH": os.pathsep.join(search),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        if name in os.environ:  # the interpreter itself may need it
            environment[name] = os.environ[name]
    return environment
