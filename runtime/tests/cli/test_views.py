"""What is drawn on a screen."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from batcat_runtime.cli.screen import Screen
from batcat_runtime.cli.views.lines import readable
from batcat_runtime.cli.views.outcome import first_rows, timing_lines
from batcat_runtime.cli.views.progress import progress
from batcat_runtime.cli.views.tables import duration
from batcat_runtime.deploy.history import History

if TYPE_CHECKING:
    from batcat_runtime.deploy.history import Ended, StateEvent

HISTORIES = Path(__file__).parents[1] / "deploy" / "histories"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def recorded(name: str) -> list[StateEvent | Ended]:
    events = json.loads((HISTORIES / f"{name}.json").read_text(encoding="utf-8"))
    for event in events:
        event["timestamp"] = datetime.fromisoformat(event["timestamp"])
    return History().read(events)


def shown(name: str, stream: io.StringIO) -> str:
    """What the progress of a recorded execution writes to a stream."""
    screen = Screen(as_json=False)
    screen.stream = stream
    if stream.isatty():
        screen._console = Console(file=stream, force_terminal=True, width=100)  # noqa: SLF001 - a terminal of fixed width
    with progress(screen) as show:
        for event in recorded(name):
            show(event)
            show(None)
    return stream.getvalue()


def test_in_a_pipe_progress_is_a_line_an_event() -> None:
    lines = shown("succeeded", io.StringIO()).splitlines()
    assert [line.split()[1:3] for line in lines] == [
        ["HasInputPath", "succeeded"],
        ["clean", "started"],
        ["clean", "succeeded"],
        ["forecast", "started"],
        ["forecast", "succeeded"],
        ["execution", "succeeded"],
    ]


def test_on_a_terminal_each_state_has_one_row_that_ends_with_its_outcome() -> None:
    text = shown("succeeded", Terminal())
    last = text.rpartition("HasInputPath")[2]
    assert last.count("✓") == 2
    assert "✗" in shown("failed", Terminal())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,22\n", ["a   b", "1  22"]),
        ("a\n" + "1\n" * 9, ["a", "1", "1", "1", "1", "1"]),
        ("", ["(empty)"]),
        (",".join("abcdefghij") + "\n", ["a  b  c  d  e  f  g  h  …"]),
        ('"long, quoted text that goes on"\n', ["long, quoted text that …"]),
        ("a,b\n1\n", ["a  b", "1   "]),
        ('"two\nlines"\n', ["two lines"]),
        ("\x1b[31mred\x1b[0m\n", ["red"]),
    ],
)
def test_the_first_rows_of_a_table_fit_a_screen(
    tmp_path: Path, content: str, expected: list[str]
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(content, encoding="utf-8")
    assert first_rows(file) == expected


def test_how_long_it_took_never_breaks_inside_a_phase() -> None:
    seconds = {"start": 1.0, "pre-process": 12.25, "inference": 3.0, "total": 16.3}
    assert timing_lines(seconds, 120) == [
        "Time:   start 1.0 s · pre-process 12.2 s · inference 3.0 s · total 16.3 s"
    ]
    assert timing_lines(seconds, 40) == [
        "Time:   start 1.0 s ·",
        "        pre-process 12.2 s ·",
        "        inference 3.0 s · total 16.3 s",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (61, "1 min 01 s"), (3720, "1 h 02 min")],
)
def test_a_duration_reads_like_a_persons(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_json_log_line_is_written_out_and_any_other_left_alone() -> None:
    record = {
        "time": "2026-01-02T03:04:05.678Z",
        "level": "ERROR",
        "logger": "clean",
        "message": "no rain",
        "exception": "Traceback\nValueError",
    }
    assert readable(json.dumps(record)) == [
        "03:04:05 clean | ERROR -> no rain",
        "Traceback",
        "ValueError",
    ]
    for line in ("plain", "{not json", '{"a": 1}', "", "tab\there, ü €"):
        assert readable(line) == [line]


def test_a_log_cannot_steer_the_terminal() -> None:
    assert readable("\x1b[2J\x1b]0;title\x07a\rb\x08") == ["a b "]
    assert readable(json.dumps({"level": "INFO", "message": "\x1b[31mred"})) == ["  | INFO -> red"]
