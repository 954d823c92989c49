"""Real processes: started, read line by line, and always ended with all that they started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock, RLock, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHON_NAMES = ("python", "python3", f"python3.{sys.version_info.minor}")
"""Commands that stand for the interpreter of this server, with or without a folder before them:
the Python of an image has the project's packages, that of this machine may not."""

GRACE_SECONDS = 2.0
"""Time between SIGTERM and SIGKILL, in seconds."""

SIGNAL_BASE = 128
"""A container killed by signal n exits with 128 + n; so does one whose keeper is killed."""

READER_SECONDS = 5.0
"""How long to read on after the end: what the keeper could not end may hold the pipe."""

KEEPER = Path(__file__).with_name("keeper.py")

_running: set[Child] = set()
_lock = Lock()


class Child:
    """A program, in the care of a :mod:`keeper`, whose output goes line by line to a function.

    Args:
        command: program and arguments; ``python`` and ``python3`` mean this interpreter.
        cwd: working directory.
        environment: the whole environment.
        on_line: called with each line of stdout and stderr, without its end.
        pass_fds: file descriptors that the program inherits.

    Attributes:
        pid: process id of the program.

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
        order = {
            "command": [program, *command[1:]],
            "environment": environment,
            "passed": pass_fds,
        }
        self._on_line = on_line
        self._control = RLock()
        self._keeper, self.pid = _keep(order, cwd)
        with _lock:
            _running.add(self)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait for the end of the program and of all that it started.

        Args:
            seconds: how long at most; None waits for ever.

        Returns:
            Exit code (128 + n after signal n), or None if it still runs.
        """
        try:
            code = self._keeper.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._tell(None)
        self._reader.join(READER_SECONDS)
        with _lock:
            _running.discard(self)
        return code if code >= 0 else SIGNAL_BASE - code

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """End it: SIGTERM to its group, and SIGKILL to everything after a grace in seconds."""
        self._tell(b"t")
        if self.wait(grace) is None:
            self._tell(None)
            self.wait()

    def _tell(self, order: bytes | None) -> None:
        """Write to the keeper; None closes the pipe."""
        pipe = self._keeper.stdin
        with self._control, suppress(BrokenPipeError):
            if pipe is None or pipe.closed:
                return
            if order is None:
                pipe.close()
            else:
                pipe.write(order)

    def _read(self) -> None:
        pipe = self._keeper.stdout
        if pipe is None:
            return
        with pipe:
            for line in pipe:
                self._on_line(line.decode("utf-8", "replace").rstrip("\r\n"))


def _keep(order: dict[str, Any], cwd: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start a keeper and its program; returns the keeper and the program's process id."""
    report, told = os.pipe()
    try:
        keeper = subprocess.Popen(
            # As this interpreter decodes names and arguments, and with nothing of the job's.
            [sys.executable, "-IS", "-X", f"utf8={sys.flags.utf8_mode}", str(KEEPER), str(told)],
            cwd=cwd,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(told, *order["passed"]),
        )
    except OSError:
        os.close(report)
        raise
    finally:
        os.close(told)
    pipe = keeper.stdin
    with os.fdopen(report, "rb") as answer, suppress(BrokenPipeError):
        if pipe is not None:
            pipe.write(json.dumps(order).encode() + b"\n")
        pid = int(answer.read() or 0)
    if pid > 0:
        return keeper, pid
    keeper.communicate()
    program = order["command"][0]
    if pid == 0:
        raise OSError(f"the process that starts {program} ended with code {keeper.returncode}")
    raise OSError(-pid, os.strerror(-pid), program)


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
