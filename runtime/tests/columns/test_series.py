"""One table of types: names are read exactly, and columns hold every value of theirs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.tests.strategies import ALL, SCALARS, columns_of, same

import batcat_runtime as bc
from batcat_runtime.columns import texts
from batcat_runtime.columns.series import column, known, table, types_of
from batcat_runtime.columns.types import parse

MOMENT = dt.datetime(2026, 3, 1, 12, 30, 0, 123_456)  # noqa: DTZ001 - a timestamp without a zone


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("tinyint", "Int8"),
        ("SMALLINT", "Int16"),
        ("int", "Int32"),
        ("bigint", "Int64"),
        ("Int8", "Int8"),
        ("uint64", "UInt64"),
        ("real", "Float32"),
        ("double precision", "Float64"),
        ("boolean", "boolean"),
        ("character varying(20)", "string"),
        ("decimal(38, 10)", "object"),
        ("date", "object"),
        ("time(6) with time zone", "object"),
        ("timestamp", "datetime64[us]"),
        ("timestamp(0)", "datetime64[s]"),
        ("timestamp(1)", "datetime64[ms]"),
        ("timestamp(9) without time zone", "datetime64[ns]"),
        ("timestamp(3) with time zone", "datetime64[ms, UTC]"),
        ("datetime64[ns, Europe/Berlin]", "datetime64[ns, Europe/Berlin]"),
        ("varbinary", "object"),
        ('row("a, b" array(decimal(3, 2)), c map(varchar, int))', "object"),
        ("struct<a:int,b:array<string>>", "object"),
    ],
)
def test_a_name_leads_to_the_dtype_that_holds_it(name: str, dtype: str) -> None:
    """And the type's own name leads to the same type."""
    kind = parse(name)
    assert kind.dtype == dtype
    assert parse(str(kind)) == kind
    assert str(column([], kind).dtype) in {dtype, dtype.replace("string", "str")}


def test_a_word_for_two_types_is_read_as_its_author_means_it() -> None:
    """Athena and Redshift differ; without knowing who wrote it, it is refused."""
    assert parse("int8", "redshift").dtype == "Int64"
    assert (parse("float", "athena").dtype, parse("float", "redshift").dtype) == (
        "Float32",
        "Float64",
    )
    assert (parse("timestamp", "athena").unit, parse("timestamp", "redshift").unit) == ("ms", "us")
    with pytest.raises(bc.ConfigError, match="'int8' is 1 byte to Arrow and 8 to Redshift"):
        parse("int8")


@pytest.mark.parametrize(
    "name", ["blob", "decimal(2, 3)", "timestamp(12)", "array()", "map(int)", "int(", "row(a)", ""]
)
def test_what_is_no_type_is_refused_by_name_and_column(name: str) -> None:
    """In arguments, the column is named too."""
    with pytest.raises(bc.ConfigError, match="types of column 'x'"):
        known({"x": name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tinyint", 128),
        ("bigint", 2**63),
        ("unsigned bigint", -1),
        ("integer", 1.5),
        ("timestamp(3)", MOMENT),
        ("timestamp(9)", dt.datetime(9999, 1, 1)),  # noqa: DTZ001
    ],
)
def test_a_value_that_a_type_does_not_hold_is_never_changed(name: str, value: Any) -> None:
    """It is an error instead."""
    with pytest.raises((OverflowError, TypeError, ValueError)):
        column([value], parse(name))


def test_nan_is_a_value_and_null_is_not() -> None:
    """Neither becomes the other."""
    read = column([1.0, float("nan"), None], parse("double"))
    assert read.to_list()[0] == 1.0
    assert np.isnan(read.array[1])
    assert read.array[2] is pd.NA


def test_moments_are_counted_from_what_python_holds() -> None:
    """With and without zones, to the nanosecond."""
    aware = MOMENT.replace(tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert column([MOMENT, None], parse("timestamp(6)"))[0] == pd.Timestamp(MOMENT)
    zoned = column([aware], parse("timestamp(9) with time zone 'Asia/Tokyo'"))
    assert zoned[0] == pd.Timestamp(aware)
    assert str(zoned.dtype) == "datetime64[ns, Asia/Tokyo]"
    exact = pd.Timestamp("2026-01-01 00:00:00.000000001")
    assert column([exact], parse("timestamp(9)"))[0] == exact


def test_columns_of_one_name_stay_apart() -> None:
    """SQL allows it; and a table without columns is a table."""
    one, two = column([1], parse("bigint")), column(["x"], parse("varchar"))
    frame = table(["a", "a"], [one, two])
    assert list(frame.columns) == ["a", "a"]
    assert frame.to_numpy().tolist() == [[1, "x"]]
    assert table([], []).shape == (0, 0)


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_every_value_survives_as_text(name: str, data: st.DataObject) -> None:
    """Written and read again, it is the same to the last bit."""
    series = data.draw(columns_of(name, ALL[name]))
    cells = [None if value is None else texts.write(value) for value in nulls_as_none(series)]
    assert same(texts.read(cells, parse(name)), series)


def nulls_as_none(series: pd.Series[Any]) -> list[Any]:
    """The values of a column, with None for NULL, and only for NULL."""
    return [None if value is pd.NA or value is pd.NaT else value for value in series.astype(object)]


@pytest.mark.parametrize("name", [name for name in SCALARS if "bigint" in name or "(" in name])
@given(data=st.data())
def test_the_types_of_a_frame_are_recognised(name: str, data: st.DataObject) -> None:
    """What ``types_of`` says reads the same values again."""
    series = data.draw(columns_of(name, ALL[name], min_size=1))
    found = parse(types_of(pd.DataFrame({"x": series}))["x"])
    if series.dtype != object:
        assert found == parse(name)
    elif found.kind != "null":
        assert all(
            value is None or value == Decimal(value) for value in column(list(series), found)
        )


def test_types_are_recognised_by_values_where_the_dtype_says_nothing() -> None:
    """Also inside lists and rows; the narrowest that holds all."""
    frame = pd.DataFrame(
        {
            "price": pd.Series([Decimal("1.5"), Decimal(100), None], dtype=object),
            "day": pd.Series([dt.date(2026, 1, 1), None, None], dtype=object),
            "raw": pd.Series([b"x", None, b""], dtype=object),
            "list": pd.Series([[1], None, []], dtype=object),
            "row": pd.Series([{"a": 1}, {"b": "x"}, None], dtype=object),
            "none": pd.Series([None, None, None], dtype=object),
            "kind": pd.Series(["a", None, "b"], dtype="category"),
            "text": ["a", None, "b"],
        }
    )
    assert types_of(frame) == {
        "price": "decimal(4, 1)",
        "day": "date",
        "raw": "varbinary",
        "list": "array(bigint)",
        "row": 'row("a" bigint, "b" varchar)',
        "none": "null",
        "kind": "varchar",
        "text": "varchar",
    }


@pytest.mark.parametrize("values", [["a", 1], [object()], [1j], [[1], ["a"]]])
def test_a_column_without_a_type_is_named(values: list[Any]) -> None:
    """With what to do."""
    with pytest.raises(bc.DataError, match=r"column 'x' .*(convert it|\.astype\(str\))"):
        types_of(
            pd.DataFrame({"x": pd.Series(values, dtype=complex if values == [1j] else object)})
        )


def test_types_are_told_by_name_so_each_needs_its_own() -> None:
    """Also where they differ only before they are text."""
    for names in (["a", "a"], [1, "1"]):
        with pytest.raises(bc.DataError, match="is there twice; give each its own name"):
            types_of(pd.DataFrame([[1, 2]], columns=names))


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("bigint", "1.5"),
        ("bigint", "1_000"),
        ("bigint", ""),
        ("tinyint", "300"),
        ("double", "1_0.5"),
        ("boolean", "yes"),
        ("decimal(4, 2)", "1.234"),
        ("decimal(4, 2)", "123.4"),
        ("date", "2026-02-30"),
        ("time", "25:00:00"),
        ("timestamp(3)", "2026-01-01 00:00:00.1234"),
        ("timestamp(6)", "2026-01-01 00:00:00+01:00"),
        ("timestamp(9)", "9999-01-01 00:00:00"),
        ("varbinary", "not base64!"),
        ("array(bigint)", '["a"]'),
        ("row(a bigint)", '{"b": 1}'),
        ("null", "x"),
    ],
)
def test_a_cell_that_is_not_of_its_type_is_found(name: str, cell: str) -> None:
    """Among those that are, by its row."""
    with pytest.raises(texts.UnreadableError) as raised:
        texts.read([None, cell, None], parse(name))
    assert raised.value.places == [1]
