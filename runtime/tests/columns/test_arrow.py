"""DataFrames to Arrow and back: nothing inside a value is lost, or the column is named."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from runtime.tests.strategies import same

from batcat_runtime.columns import arrow
from batcat_runtime.columns.types import parse
from batcat_runtime.errors import DataError
from batcat_runtime.formats.csv_write import write_csv
from batcat_runtime.formats.json_lines import write_json_lines

if TYPE_CHECKING:
    from collections.abc import Callable


def objects(*values: Any) -> pd.Series[Any]:
    """A column of Python objects."""
    column: pd.Series[Any] = pd.Series(list(values), dtype=object)
    return column


@pytest.mark.parametrize(
    ("kind", "series"),
    [
        ("array(double)", objects([1.5, float("nan"), None, float("inf")], None)),
        ("map(varchar, double)", objects({"a": float("nan"), "b": None})),
        ('row("a" array(real))', objects({"a": [float("nan"), None]})),
    ],
    ids=["list", "map", "row"],
)
def test_nan_and_null_inside_a_value_stay_apart(kind: str, series: pd.Series[Any]) -> None:
    data = arrow.from_frame(pd.DataFrame({"x": series}), {"x": parse(kind)})
    assert same(arrow.to_frame(data, "here")["x"], series)


def test_missing_values_of_pandas_inside_a_value_are_null() -> None:
    frame = pd.DataFrame({"x": objects([1, pd.NA], [None, pd.NaT])})
    data = arrow.from_frame(frame, {"x": parse("array(bigint)")})
    assert data.column("x").to_pylist() == [[1, None], [None, None]]


@pytest.mark.parametrize(
    ("series", "kind", "message"),
    [
        (objects(dt.time(1, tzinfo=dt.timezone.utc)), None, "'x' holds times of day with a zone"),
        (objects([dt.time(1, tzinfo=dt.timezone.utc)]), None, "'x' holds times of day with"),
        (objects("\ud800"), None, r"'x' holds '\\ud800', half of a character; decode"),
        (pd.Series(pd.period_range("2026", periods=1)), "varchar", r"'x' is of dtype period"),
        (objects(["a", float("nan")]), "array(varchar)", "'x' cannot be written as array.*correct"),
    ],
    ids=["time with a zone", "in a list", "half a character", "period", "NaN among texts"],
)
def test_what_would_be_changed_is_refused_by_name(
    series: pd.Series[Any], kind: str | None, message: str
) -> None:
    types = {"x": parse(kind)} if kind else {}
    with pytest.raises(DataError, match=f"column {message}"):
        arrow.from_frame(pd.DataFrame({"x": series}), types)


ARROW = {
    "date": (pa.date32(), [dt.date(2026, 1, 1), None]),
    "list": (pa.list_(pa.int64()), [[2**53 + 1, None], None]),
    "double": (pa.float64(), [float("nan"), None]),
    "binary": (pa.binary(), [b"x", None]),
}


@pytest.mark.parametrize("name", ARROW)
@pytest.mark.parametrize("write", [write_csv, write_json_lines])
def test_columns_of_arrow_are_written_as_those_of_their_types(
    name: str, write: Callable[..., None]
) -> None:
    """With what pandas itself turns into floats, or cannot look into."""
    kind, values = ARROW[name]
    theirs = pd.Series(pd.array(pa.array(values, kind), dtype=pd.ArrowDtype(kind)), index=[7, 7])
    ours = arrow.to_column(pa.chunked_array([pa.array(values, kind)]), "x").set_axis([7, 7])
    written = []
    for series in (theirs, ours):
        file = io.BytesIO()
        write(pd.DataFrame({"x": series}), file, "here")
        written.append(file.getvalue())
    assert written[0] == written[1]
    assert same(arrow.without_arrow(pd.DataFrame({"x": theirs}))["x"], ours)


def test_a_view_of_bytes_is_binary() -> None:
    file = io.BytesIO()
    write_json_lines(pd.DataFrame({"x": objects(memoryview(b"y"))}), file, "here")
    assert file.getvalue() == b'{"x": "eQ=="}\n'
