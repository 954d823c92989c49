"""A large CSV is parsed in parts, and nobody can tell."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcat_runtime.columns.types import parse
from batcat_runtime.errors import DataError, MissingError
from batcat_runtime.formats import csv_parse, csv_read, csv_text

CELLS = ["1", "-7", "2.5", "", "x", "é", "2026-01-01", "True", "9007199254740993", '"a\nb"']
SMALL = 64  # bytes from which on a CSV is cut


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut even a small CSV, as if there were four processors."""
    monkeypatch.setattr(csv_text, "_LARGE", SMALL)
    monkeypatch.setattr(csv_text, "_processors", lambda: 4)


def view_of(text: str) -> memoryview:
    """The bytes of a text."""
    return memoryview(text.encode())


def read(text: str, how: csv_parse.Reading | None = None) -> pd.DataFrame:
    """Read a text as if it came from an object."""
    return csv_read.read_csv(io.BytesIO(text.encode()), "s3://data/x.csv", how=how)


def rows_of(parts: list[csv_text.Text]) -> list[bytes]:
    """What the parts hold, without their headers."""
    return [part.open().read().split(b"\n", 1)[1] for part in parts]


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_parts_are_the_whole_cut_at_ends_of_rows(mark: str, end: str) -> None:
    rows = "".join(f"{number},x{end}" for number in range(100))
    parts = csv_text.parts(csv_text.text_of(view_of(f"{mark}a,b{end}{rows}"), "x"), None)
    assert len(parts) == 4
    assert b"".join(rows_of(parts)) == rows.encode()
    assert all(part.endswith(end.encode()) for part in rows_of(parts))
    assert {part.open().readline() for part in parts} == {f"a,b{end}".encode()}


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ('a,b\n"1\n2",3\n' + "1,2\n" * 100, None),
        ("a,b\n" + "1,2\n" * 100, "utf-16"),
        ("\na,b\n" + "1,2\n" * 100, None),
        ("a,b\r" + "1,2\r" * 100, None),
        ("a,b\n1,2\n", None),
        ("a,b\n" + "1" * 1000, None),
    ],
    ids=["quotation", "two bytes a sign", "no header first", "old Mac", "small", "one row"],
)
def test_a_text_whose_rows_are_not_sure_or_few_stays_whole(text: str, encoding: str) -> None:
    assert len(csv_text.parts(csv_text.text_of(view_of(text), "x"), encoding)) < 2


@pytest.mark.usefixtures("cut")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(st.sampled_from(CELLS), st.sampled_from(CELLS[:4])), min_size=1),
    mark=st.sampled_from(["", "\ufeff"]),
    ended=st.booleans(),
)
def test_a_table_is_the_same_in_parts(
    rows: list[tuple[str, str]], mark: str, *, ended: bool
) -> None:
    text = mark + "a,b,c\n" + "\n".join(f"{a},{b},1" for a, b in rows) + "\n" * ended
    for how in (None, csv_parse.Reading(types={"a": parse("varchar")})):
        found = read(text, how)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_text, "_processors", lambda: 1)
            expected = read(text, how)
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("1,2,3\n", "line 52 has 3 fields, the header has 2"),
        ("1\n", "line 52 has 1 field, the header has 2"),
    ],
)
def test_a_malformed_row_is_named_by_its_line_in_the_whole(bad: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read("a,b\n" + "1,2\n" * 50 + bad + "1,2\n" * 50)


@pytest.mark.usefixtures("cut")
def test_a_cell_of_another_type_is_named_by_its_line_in_the_whole() -> None:
    how = csv_parse.Reading(types={"b": parse("int")})
    with pytest.raises(DataError, match="line 52, column 'b': 'x' is no int"):
        read("a,b\n" + "1,2\n" * 50 + "1,x\n" + "1,2\n" * 50, how)


@pytest.mark.usefixtures("cut")
def test_a_column_that_is_not_there_is_missing_in_parts_too() -> None:
    with pytest.raises(MissingError, match="no column 'z'"):
        read("a,b\n" + "1,2\n" * 100, csv_parse.Reading(columns=["z"]))
