"""A program and all that it starts: run, told to stop, and never left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.processes import Child, clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux lets a process adopt orphans"
)
FOREVER = "\nprint('sleeping', flush=True)\ntime.sleep(600)"


class Programs:
    """Starts Python programs and keeps what they print."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lines: list[str] = []

    def start(self, code: str, **variables: str) -> Child:
        """Start a program."""
        environment = {**clean_environment(self.home), **variables}
        return Child(["python", "-c", code], self.home, environment, self.lines.append)

    def pid(self) -> int | None:
        """The process id printed behind ``running``."""
        words = (line.split() for line in self.lines)
        return next((int(found[1]) for found in words if found[0] == "running"), None)


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Programs in a folder of their own."""
    return Programs(tmp_path)


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("pass", 0),
        ("import sys; sys.exit(7)", 7),
        ("import os; os.kill(os.getpid(), 11)", 139),
        ("import os, signal; os.kill(os.getppid(), signal.SIGTERM)", 0),
        ("import signal; assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL", 0),
        ("import sys; assert sys.stdin.read() == ''", 0),
    ],
)
def test_the_exit_code_is_the_programs_own(programs: Programs, code: str, exit_code: int) -> None:
    assert programs.start(code).wait(30) == exit_code


@linux
@pytest.mark.parametrize("with_environment", ["yes", "no"])
def test_a_daemon_ends_with_its_program(
    programs: Programs, daemon: str, gone: Callable[[int], bool], with_environment: str
) -> None:
    child = programs.start(daemon, WITH_ENVIRONMENT=with_environment)
    assert child.wait(30) == 0
    pid = programs.pid()
    assert pid is not None
    assert gone(pid)


@linux
def test_a_daemon_ends_when_its_program_is_stopped(
    programs: Programs, daemon: str, until: Any, gone: Callable[[int], bool]
) -> None:
    child = programs.start(daemon + "import signal\nsignal.pause()")
    pid = until(programs.pid, "the daemon to start")
    child.stop()
    assert child.wait() == 143
    assert gone(pid)


@linux
def test_everything_ends_when_the_server_is_killed(
    tmp_path: Path, daemon: str, until: Any, gone: Callable[[int], bool]
) -> None:
    server = dedent(
        """
        import sys, time
        from pathlib import Path
        from batcat_runtime.emulator.processes import Child
        child = Child(["python", "-c", sys.argv[1]], Path(sys.argv[2]), {}, print)
        print("running", child.pid, flush=True)
        time.sleep(600)
        """
    )
    arguments = [sys.executable, "-u", "-c", server, daemon + "time.sleep(600)", str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(process.stdout.readline().split()[1]) for _ in range(2)]
        process.kill()
    for pid in pids:
        until(lambda pid=pid: gone(pid), "everything to end")


@linux
def test_children_of_this_process_are_left_alone(programs: Programs) -> None:
    """Whoever uses this module keeps children of its own, running and ended ones."""
    ended = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        assert programs.start("pass").wait(30) == 0
        assert running.poll() is None
        running.kill()
    assert ended.wait() == 3


def test_a_program_that_cannot_be_started_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    for name, kind in (("no-such-program", FileNotFoundError), ("./text", PermissionError)):
        with pytest.raises(kind) as raised:
            Child([name], tmp_path, clean_environment(tmp_path), print)
        assert raised.value.filename == name
    with pytest.raises(OSError, match="Invalid argument"):
        Child(["python"], tmp_path, {"A": "\0"}, print)


def test_nothing_stays_open(programs: Programs) -> None:
    """No file descriptor and no thread, however a program ends."""

    def count() -> int:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 - a path per descriptor would be one more

    programs.start("pass").wait()
    before = count()
    programs.start("pass").wait()
    programs.start("import time; time.sleep(600)").stop()
    with pytest.raises(FileNotFoundError):
        Child(["no-such-program"], programs.home, {}, print)
    assert count() == before
