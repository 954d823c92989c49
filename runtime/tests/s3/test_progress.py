"""Long transfers say how far they are; short ones say nothing."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from batcat_runtime.s3.progress import Progress

if TYPE_CHECKING:
    import pytest

MB = 1024 * 1024


class Clock:
    """A clock that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def transfer(clock: Clock, seconds: float, total: int = 100 * MB) -> None:
    """Count a hundred pieces."""
    with Progress("read s3://data/x", total, clock) as progress:
        for _ in range(100):
            clock.now += seconds / 100
            progress.add(MB)


def test_a_short_transfer_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Most are; a log shall hold what matters."""
    transfer(Clock(), 1.9)
    assert capsys.readouterr() == ("", "")


def test_a_long_one_logs_a_line_for_each_tenth(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container, whose log knows no carriage return."""
    monkeypatch.delenv("BATCAT_LOG_FORMAT", raising=False)
    transfer(Clock(), 50)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert "read s3://data/x: 10 % (10 of 100 MB, 2 MB/s)" in lines[0]
    assert "100 % (100 of 100 MB" in lines[-1]


def test_a_terminal_shows_a_bar_and_takes_it_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line that is drawn anew, and at most ten times a second."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    transfer(Clock(), 5)
    said = capsys.readouterr().err
    assert "\n" not in said
    assert re.search(r"read s3://data/x \[#{12}\.{12}\]  5\d% 5\d of 100 MB, 20 MB/s", said)
    assert said.endswith("\r\x1b[K")
    assert said.count("\r") < 40


def test_nothing_is_shown_of_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    """A share of an unknown total is none; and what is fetched again counts once."""
    clock = Clock()
    transfer(clock, 50, total=0)
    with Progress("read", 0, clock) as progress:
        progress.expect(2 * MB)
        progress.add(MB)
        clock.now += 10
        progress.add(-MB)
        progress.add(MB)
    said = capsys.readouterr().err
    assert said.count("%") == 1
    assert "50 %" in said
