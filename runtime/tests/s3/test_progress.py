"""Long transfers say how far they are; short ones say nothing."""

from __future__ import annotations

import re
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import batcat_runtime as bc
from batcat_runtime.s3 import parquet_write, progress, stream, transfer
from batcat_runtime.s3.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

MB = 1024 * 1024


class Clock:
    """A clock that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def count(clock: Clock, seconds: float, total: int = 100 * MB) -> None:
    """Count a hundred pieces."""
    with Progress("read s3://data/x", total, clock) as progress:
        for _ in range(100):
            clock.now += seconds / 100
            progress.add(MB)


def test_a_short_transfer_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Most are; a log shall hold what matters."""
    count(Clock(), 1.9)
    assert capsys.readouterr() == ("", "")


def test_a_long_one_logs_a_line_for_each_tenth(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container, whose log knows no carriage return."""
    monkeypatch.delenv("BATCAT_LOG_FORMAT", raising=False)
    count(Clock(), 50)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert "read s3://data/x: 10 % (10 of 100 MB, 2 MB/s)" in lines[0]
    assert "100 % (100 of 100 MB" in lines[-1]


def test_a_terminal_shows_a_bar_and_takes_it_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line that is drawn anew, and at most ten times a second."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    count(Clock(), 5)
    said = capsys.readouterr().err
    assert "\n" not in said
    assert re.search(r"read s3://data/x \[#{12}\.{12}\]  5\d% 5\d of 100 MB, 20 MB/s", said)
    assert said.endswith("\r\x1b[K")
    assert said.count("\r") < 40


def test_nothing_is_shown_of_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    """A share of an unknown total is none; and what is fetched again counts once."""
    clock = Clock()
    count(clock, 50, total=0)
    with Progress("read", 0, clock) as progress:
        progress.expect(2 * MB)
        progress.add(MB)
        clock.now += 10
        progress.add(-MB)
        progress.add(MB)
    said = capsys.readouterr().err
    assert said.count("%") == 1
    assert "50 %" in said


ROWS = pd.DataFrame({"n": range(50_000), "part": [0, 1, 2, 3, 4] * 10_000})
WHERE: dict[str, Callable[[str], Any]] = {
    "x.csv": partial(bc.save_to_bucket, ROWS, key="x.csv"),
    "x.csv.gz": partial(bc.save_to_bucket, ROWS, key="x.csv.gz"),
    "x.jsonl": partial(bc.save_to_bucket, ROWS, key="x.jsonl"),
    "x.parquet": partial(bc.save_to_bucket, ROWS, key="x.parquet"),
    "x.xlsx": partial(bc.save_to_bucket, ROWS[:3000], key="x.xlsx"),
    "5 objects to": partial(bc.save_to_bucket, ROWS, key="d/", partition_by="part"),
}


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """All transfers are long and in several pieces; gives the log."""
    monkeypatch.setattr(progress, "_QUIET", 1e-9)
    monkeypatch.setattr(parquet_write, "_GROUP", 10_000)
    for module, names in (
        (transfer, ("PART", "WHOLE", "_SMALLEST")),
        (stream, ("PART", "WHOLE", "_TAIL", "_GAP")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, 16 * 1024)
    return lambda: capsys.readouterr().err


@pytest.mark.parametrize("where", WHERE)
def test_writing_says_how_many_rows_are_written(
    s3_bucket: str, where: str, told: Callable[[], str]
) -> None:
    """The bytes of a table are not known before they are written."""
    WHERE[where](bucket=s3_bucket)  # type: ignore[call-arg]
    rows = 3000 if "xlsx" in where else 50_000
    assert re.search(rf"write .*{where}.*: 100 % \({rows} of {rows} rows, \d+ rows/s\)", told())


def test_copying_says_how_far_it_is(s3_bucket: str, told: Callable[[], str]) -> None:
    """In bytes that S3 has copied."""
    for place in range(3):
        bc.save_to_bucket(ROWS[:100], s3_bucket, f"a/{place}.csv")
    told()
    bc.copy_bucket_files(s3_bucket, "a/", "", s3_bucket, "b/", "", (2, None))
    assert f"copy 3 objects to s3://{s3_bucket}/b/: 100 % (" in told()


@pytest.mark.parametrize(
    "options", [{"columns": ["n"]}, {"filters": [("n", ">", 9)]}, {"chunksize": 10_000}]
)
def test_reading_parts_of_parquet_says_how_far_it_is(
    s3_bucket: str, options: dict[str, Any], told: Callable[[], str]
) -> None:
    """In bytes of the parts of one object, or in objects."""
    for place in range(2):
        bc.save_to_bucket(ROWS, s3_bucket, f"d/{place}.parquet")
    told()
    list(bc.read_parquet_from_bucket(s3_bucket, "d/0.parquet", **options))
    assert re.search(rf"read s3://{s3_bucket}/d/0\.parquet: \d+ % \(", told())
    list(bc.read_parquet_from_bucket(s3_bucket, "d/", **options))
    expected = (
        "d/1.parquet: " if "chunksize" in options else "read 2 objects: 100 % (2 of 2 objects"
    )
    assert expected in told()
