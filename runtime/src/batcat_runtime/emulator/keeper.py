"""Runs one program, and leaves nothing of what it started behind, as a container does.

Started by file name with one file descriptor as argument; imports the standard library alone.
The first line of stdin says what to run. After it each ``t`` sends SIGTERM to the program's
group, and the end of stdin, which also comes when the server is killed, kills everything. The
file descriptor receives the program's process id, or minus the number of the error that kept it
from starting. The exit code is the program's own, 128 + n after signal n.

On Linux this process is its descendants' subreaper (prctl(2), PR_SET_CHILD_SUBREAPER): one whose
parent has ended becomes a child of this process, whatever its session and its environment. Only
own children are killed; they keep their ids until they are waited for here, so no other process
can be hit. Elsewhere a descendant that leaves the program's process group outlives it.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform == "linux"

IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""A program that signals its parent shall not end this process."""

RESTORED = (*IGNORED, signal.SIGPIPE, signal.SIGXFSZ)
"""Signals that the program shall not ignore; Python ignores the last two by itself."""

SIGNAL_BASE = 128
"""A container killed by signal n exits with 128 + n."""

LOOK_SECONDS = 0.02
GIVE_UP_SECONDS = 5.0
"""How long to go on killing: a descendant that became another user may not be killed."""


def main(report: int) -> int:
    """Run what stdin says.

    Args:
        report: file descriptor for the process id, or for the error.

    Returns:
        The exit code.
    """
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    order = _order()
    os.set_inheritable(report, False)
    try:
        program = _start(order["command"], order["environment"])
    except (OSError, ValueError) as error:  # ValueError: a NUL where none may be
        problem: int = getattr(error, "errno", None) or errno.EINVAL
        os.write(report, str(-problem).encode())
        return 1
    os.write(report, str(program).encode())
    for number in (report, *order["passed"]):
        os.close(number)
    code = _watch(program, ended)
    _end_the_rest(program)
    return code


def _order() -> dict[str, Any]:
    text = b""
    while not text.endswith(b"\n"):
        part = os.read(0, 1 << 16)
        if not part:
            sys.exit(1)
        text += part
    order: dict[str, Any] = json.loads(text)
    return order


def _start(command: list[str], environment: dict[str, str]) -> int:
    os.environ["PATH"] = environment.get("PATH", os.defpath)  # where posix_spawnp looks
    return os.posix_spawnp(
        command[0],
        command,
        environment,
        file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
        setpgroup=0,
        setsigdef=RESTORED,
    )


def _watch(program: int, ended: int) -> int:
    """Hand signals on until the program ends; wait for whoever else ends meanwhile."""
    sources = [0, ended]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if 0 in ready:
            order = os.read(0, 1)
            if not order:
                sources.remove(0)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(program, signal.SIGTERM if order else signal.SIGKILL)
        if ended in ready:
            os.read(ended, 1 << 10)
            found = _reap()
            if found and program in found:
                code = os.waitstatus_to_exitcode(found[program])
                return code if code >= 0 else SIGNAL_BASE - code


def _reap() -> dict[int, int] | None:
    """Status by process id of each child that has ended; None when there is no child at all."""
    found: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found or None
        if pid == 0:
            return found
        found[pid] = status


def _end_the_rest(program: int) -> None:
    if not LINUX:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(program, signal.SIGKILL)
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while _reap() is not None and time.monotonic() < deadline:
        for pid in _children():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(LOOK_SECONDS)


def _children() -> list[int]:
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # pid (name) state parent …; the name may hold anything, brackets and spaces too.
            parent = int(file.read_bytes().rpartition(b")")[2].split()[1])
            if parent == os.getpid():
                found.append(int(file.parent.name))
    return found


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
