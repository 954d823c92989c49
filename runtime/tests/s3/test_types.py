"""Every value of every type survives every route through S3: CSV, JSON lines, Parquet."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime.tests.strategies import ALL, columns_of, same

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.columns.series import column
from batcat_runtime.columns.types import parse

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = dt.datetime(2026, 1, 1, 12)  # noqa: DTZ001 - a timestamp without a zone
FEW = settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def through_csv(frame: pd.DataFrame, bucket: str, types: dict[str, str]) -> pd.DataFrame:
    """Write and read as CSV that tells NULL from ''."""
    bc.save_to_bucket(frame, bucket, "x.csv", null="\\NULL")
    return bc.read_csv_from_bucket(bucket, "x.csv", types=types, null="\\NULL")


def through_json_lines(frame: pd.DataFrame, bucket: str, types: dict[str, str]) -> pd.DataFrame:
    """Write and read as JSON lines."""
    bc.save_to_bucket(frame, bucket, "x.jsonl")
    return bc.read_json_lines_from_bucket(bucket, "x.jsonl", types=types)


def through_parquet(frame: pd.DataFrame, bucket: str, types: dict[str, str]) -> pd.DataFrame:
    """Write and read as Parquet."""
    bc.save_to_bucket(frame, bucket, "x.parquet", types=types)
    return bc.read_parquet_from_bucket(bucket, "x.parquet")


ROUTES = [through_csv, through_json_lines, through_parquet]


@pytest.mark.parametrize("route", ROUTES, ids=["csv", "json lines", "parquet"])
@pytest.mark.parametrize("name", ALL)
@FEW
@given(data=st.data())
def test_every_value_survives(
    s3_bucket: str, name: str, route: Callable[..., pd.DataFrame], data: st.DataObject
) -> None:
    """With NULL, without, nothing but NULL, and with no rows at all."""
    series = data.draw(columns_of(name, ALL[name]))
    frame = pd.DataFrame({'电池, "x"\n': series, "n": column([1] * len(series), parse("bigint"))})
    types = {'电池, "x"\n': name, "n": "bigint"}
    read = route(frame, s3_bucket, types)
    assert list(read.columns) == list(frame.columns)
    assert same(read['电池, "x"\n'], series)
    assert same(read["n"], frame["n"])


@FEW
@given(series=columns_of("varchar", ALL["varchar"], min_size=1))
def test_a_text_alone_in_its_table_survives_in_a_csv(
    s3_bucket: str, series: pd.Series[Any]
) -> None:
    """A line that is blank is still a row."""
    read = through_csv(pd.DataFrame({"x": series}), s3_bucket, {"x": "varchar"})
    assert same(read["x"], series)


@FEW
@given(series=columns_of("double", st.floats() | st.integers(-(2**53), 2**53), min_size=1))
def test_parquet_needs_no_types_to_keep_nan_and_null_apart(
    s3_bucket: str, series: pd.Series[Any]
) -> None:
    """The DataFrame says enough."""
    bc.save_to_bucket(pd.DataFrame({"x": series}), s3_bucket, "x.parquet")
    assert same(bc.read_parquet_from_bucket(s3_bucket, "x.parquet")["x"], series)


def test_types_of_a_frame_read_it_again(s3_bucket: str) -> None:
    """What ``types_of`` says is what ``types=`` takes."""
    frame = pd.DataFrame(
        {
            "id": pd.array([1, None, 2**53 + 1], dtype="Int64"),
            "at": pd.to_datetime(["2026-03-29 01:30", "NaT", "2026-03-29 03:30"]).tz_localize(
                "Europe/Berlin"
            ),
            "day": pd.Series([dt.date(2026, 1, 1), None, dt.date(1, 1, 1)], dtype=object),
            "raw": pd.Series([b"\x00\xff", None, b""], dtype=object),
            "list": pd.Series([[1, None], [], None], dtype=object),
            "name": pd.array(["", None, "NULL"], dtype="string"),
        }
    )
    bc.save_to_bucket(frame, s3_bucket, "x.csv", null="\\N")
    read = bc.read_csv_from_bucket(s3_bucket, "x.csv", types=bc.types_of(frame), null="\\N")
    for name in frame:
        assert same(read[name], frame[name]), name


def test_empty_text_beside_null_in_a_csv_is_told_once(
    s3_bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By column, with the remedy; and not where the remedy is used, or nothing is lost."""
    frame = pd.DataFrame({"a": ["", None] * 40_000, "b": ["x", None] * 40_000, "c": 1})
    bc.save_to_bucket(frame, s3_bucket, "x.csv")
    said = capsys.readouterr().err
    assert said.count("holds both '' and NULL") == 1
    assert "column 'a' holds" in said
    assert "give null='\\\\N' when writing and when reading" in said
    bc.save_to_bucket(frame, s3_bucket, "x.csv", null="\\N")
    assert capsys.readouterr().err == ""
    read = bc.read_csv_from_bucket(s3_bucket, "x.csv", null="\\N")
    assert read["a"].isna().tolist() == [False, True] * 40_000
    assert read["a"][0] == ""


def test_a_text_that_would_be_read_as_null_is_refused(s3_bucket: str) -> None:
    """The message names the column and what to do."""
    frame = pd.DataFrame({"a": ["x", "\\N"]})
    with pytest.raises(bc.DataError, match=r"x\.csv: column 'a' .*choose another null="):
        bc.save_to_bucket(frame, s3_bucket, "x.csv", null="\\N")
    assert bc.list_keys(s3_bucket) == []


@pytest.mark.parametrize("key", ["x.csv", "x.jsonl"])
def test_half_a_character_is_refused(s3_bucket: str, key: str) -> None:
    """UTF-8 has none; the object is not written."""
    frame = pd.DataFrame({"a": pd.Series(["\ud800"], dtype=object)})
    with pytest.raises(
        bc.DataError, match=rf"{key}: column 'a' holds '\\ud800', half of a character"
    ):
        bc.save_to_bucket(frame, s3_bucket, key)


@pytest.mark.parametrize("values", [["a", 1], [dt.date(2026, 1, 1), NOON], [1, 2.5], [object()]])
def test_parquet_refuses_a_column_of_several_types(s3_bucket: str, values: list[Any]) -> None:
    """Arrow would cut the times off dates; the message names object and column."""
    frame = pd.DataFrame({"a": [1] * len(values), "b": pd.Series(values, dtype=object)})
    with pytest.raises(bc.DataError, match=r"x\.parquet: column 'b' holds"):
        bc.save_to_bucket(frame, s3_bucket, "x.parquet")


def test_what_does_not_fit_a_type_is_refused_when_written(s3_bucket: str) -> None:
    """By column and type."""
    frame = pd.DataFrame({"a": [300]})
    with pytest.raises(bc.DataError, match=r"column 'a' cannot be written as tinyint"):
        bc.save_to_bucket(frame, s3_bucket, "x.parquet", types={"a": "tinyint"})
    with pytest.raises(bc.ConfigError, match=r"types= names 'b'; the columns are \['a'\]"):
        bc.save_to_bucket(frame, s3_bucket, "x.parquet", types={"b": "tinyint"})


def test_categories_and_an_index_come_back_from_parquet(s3_bucket: str) -> None:
    """A category stays one; an index that pandas wrote is an index again."""
    frame = pd.DataFrame({"kind": pd.Categorical(["a", None, "b"]), "n": [1, 2, 3]})
    bc.save_to_bucket(frame, s3_bucket, "x.parquet")
    read = bc.read_parquet_from_bucket(s3_bucket, "x.parquet")
    pd.testing.assert_series_equal(read["kind"], frame["kind"], check_categorical=False)
    for place in ([1, 2, 3], [7, 8, 5]):  # pandas writes the first one as a range
        theirs = io.BytesIO()
        frame.assign(n=place).set_index("n").to_parquet(theirs)
        client("s3").put_object(Bucket=s3_bucket, Key="y.parquet", Body=theirs.getvalue())
        index = bc.read_parquet_from_bucket(s3_bucket, "y.parquet").index
        assert (index.tolist(), index.name) == (place, "n")


def test_without_types_json_lines_keep_what_values_are(s3_bucket: str) -> None:
    """The reader of pandas would round large numbers and take some texts for dates."""
    lines = b'{"id": 9007199254740993, "ok": true, "date": "1"}\n\n{"x": [1], "id": null}\n'
    client("s3").put_object(Bucket=s3_bucket, Key="x.jsonl", Body=lines)
    read = bc.read_json_lines_from_bucket(s3_bucket, "x.jsonl")
    assert read["id"].tolist() == [2**53 + 1, pd.NA]
    assert [str(kind) for kind in read.dtypes[:2]] == ["Int64", "boolean"]
    assert read["date"][0] == "1"
    assert read["x"].tolist() == [None, [1]]


def test_types_of_some_columns_change_no_other(s3_bucket: str) -> None:
    """Digits matter to a decimal; numbers elsewhere stay floats, also inside lists and maps."""
    line = b'{"price": 0.10, "x": 1.5, "l": [0.5, {"a": 0.25}], "r": {"b": [1.5]}}\n'
    client("s3").put_object(Bucket=s3_bucket, Key="x.jsonl", Body=line)
    for types in (
        {"price": "decimal(4, 2)"},
        {"price": "decimal(4, 2)", "r": "row(b array(real))"},
    ):
        read = bc.read_json_lines_from_bucket(s3_bucket, "x.jsonl", types=types)
        assert repr(read["l"][0]) == "[0.5, {'a': 0.25}]"
        assert repr(read["r"][0]) == "{'b': [1.5]}"
        assert read["x"].dtype == "float64"
        assert str(read["price"][0]) == "0.10"


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx"])
def test_sparse_columns_are_written_as_what_they_hold(s3_bucket: str, suffix: str) -> None:
    """They have a type, too."""
    frame = pd.DataFrame(
        {
            "n": pd.arrays.SparseArray([0, 0, 1]),
            "x": pd.arrays.SparseArray([float("nan"), 1.5, float("nan")]),
        }
    )
    assert bc.types_of(frame) == {"n": "bigint", "x": "double"}
    bc.save_to_bucket(frame, s3_bucket, f"x.{suffix}")
    buffer = bc.pd_s3_buffer(s3_bucket, f"x.{suffix}")
    readers: dict[str, Callable[..., pd.DataFrame]] = {
        "csv": pd.read_csv,
        "jsonl": lambda file: pd.read_json(file, lines=True),
        "parquet": pd.read_parquet,
        "xlsx": pd.read_excel,
    }
    found = readers[suffix](buffer)
    assert found["n"].tolist() == [0, 0, 1]
    assert found["x"].isna().tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"a": 1', "line 2: Expecting"),
        (b"[1]", "line 2: it is no JSON object"),
        (b'{"a": "x"}', "line 2, column 'a': 'x' is no bigint"),
        (b'{"a": 1.5}', "line 2, column 'a': '1.5' is no bigint"),
        (b'{"a": true}', "line 2, column 'a': 'True' is no bigint"),
    ],
)
def test_a_bad_json_line_is_named_or_skipped_and_logged(
    s3_bucket: str, line: bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With object, line, and column."""
    body = b'{"a": 1}\n' + line + b'\n{"a": 3}'
    client("s3").put_object(Bucket=s3_bucket, Key="x.jsonl", Body=body)
    types = {"a": "bigint"}
    with pytest.raises(bc.DataError, match=rf"s3://{s3_bucket}/x\.jsonl, {message}"):
        bc.read_json_lines_from_bucket(s3_bucket, "x.jsonl", types=types)
    read = bc.read_json_lines_from_bucket(s3_bucket, "x.jsonl", types=types, on_bad_rows="skip")
    assert read["a"].tolist() == [1, 3]
    assert "x.jsonl: skipped 1 rows" in capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["datetime64[s]", "datetime64[ns]"])
def test_moments_in_a_csv_have_one_form(s3_bucket: str, dtype: str) -> None:
    """However many rows: pandas would write midnight differently in some pieces of a file."""
    days = pd.Series(pd.date_range("2026-01-01", periods=30_000, freq="D")).astype(dtype)  # type: ignore[call-overload]
    days.iloc[-1] += pd.Timedelta(hours=1)
    bc.save_to_bucket(pd.DataFrame({"at": days, "x": 1}), s3_bucket, "x.csv")
    read = bc.read_csv_from_bucket(s3_bucket, "x.csv")["at"]
    assert set(read.str.len()) == {19}
    assert (pd.to_datetime(read) == days).all()
