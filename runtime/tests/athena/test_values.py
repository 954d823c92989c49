"""A query's rows come exactly as they are, whichever way they take."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from runtime.tests.athena.queries import NULLS, REGION, column

import batcat_runtime as bc
from batcat_runtime.aws import client

VALUES: dict[str, tuple[str, Any, str]] = {
    "tinyint": ("cast(-128 as tinyint)", -128, "Int8"),
    "smallint": ("cast(32767 as smallint)", 32767, "Int16"),
    "integer": ("cast(-2147483648 as integer)", -(2**31), "Int32"),
    "bigint": ("bigint '9007199254740993'", 2**53 + 1, "Int64"),
    "real": ("real '0.1'", pytest.approx(0.1, rel=1e-7), "Float32"),
    "double": ("0.1e0", 0.1, "Float64"),
    "infinity": ("infinity()", float("inf"), "Float64"),
    "boolean": ("true", True, "boolean"),
    "varchar": ("'a,\"b\" ''c'' \n電池'", "a,\"b\" 'c' \n電池", "string"),
    "empty": ("''", "", "string"),
    "decimal": (
        "cast('12345678901234567890123456789.123456789' as decimal(38,9))",
        Decimal("12345678901234567890123456789.123456789"),
        "object",
    ),
    "scale": ("cast('1.50' as decimal(5,2))", Decimal("1.50"), "object"),
    "date": ("date '0001-01-01'", dt.date(1, 1, 1), "object"),
    "timestamp": (
        "timestamp '2020-02-29 23:59:59.123'",
        pd.Timestamp("2020-02-29 23:59:59.123"),
        "datetime64[ms]",
    ),
    "binary": ("x'00ff27'", b"\0\xff'", "object"),
}
NESTED: dict[str, tuple[str, Any]] = {
    "array": ("array[1, null, 3]", [1, None, 3]),
    "texts": ("array['a, b', '', null]", ["a, b", "", None]),
    "map": (
        "map(array['x', 'y'], array[cast('1.50' as decimal(5,2)), null])",
        {"x": Decimal("1.50"), "y": None},
    ),
    "row": (
        "cast(row(1, 'x', array[date '2020-01-01']) as row(a integer, b varchar, c array(date)))",
        {"a": 1, "b": "x", "c": [dt.date(2020, 1, 1)]},
    ),
}


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["csv", "unload", "auto"])
@pytest.mark.parametrize("name", VALUES)
def test_values_are_what_they_are(staging: str, name: str, mode: str) -> None:
    """With NULL between them; on both ways the same."""
    sql, value, dtype = VALUES[name]
    found = column(sql, staging, mode=mode)
    assert found.dtype == dtype
    assert found.isna().tolist() == [False, True, False]
    assert found[0] == value
    assert found[2] == value
    if isinstance(value, Decimal):
        assert str(found[0]) == str(value)


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["csv", "unload"])
@pytest.mark.parametrize("name", VALUES)
def test_no_rows_and_nothing_but_null_have_types(staging: str, name: str, mode: str) -> None:
    """Names, too, as the query writes them."""
    sql, _, dtype = VALUES[name]
    query = f'select {sql} as "My V", n from (values 1, 2) as t(n) where n > 5'  # noqa: S608
    found = bc.read_data_from_athena(query, REGION, staging, mode=mode)
    assert found.shape == (0, 2)
    assert list(found.columns) == ["My V", "n"]
    assert found["My V"].dtype == dtype
    nulls = query.replace(f"select {sql}", f"select if(n > 5, {sql})").replace("where n > 5", "")
    found = bc.read_data_from_athena(nulls, REGION, staging, mode=mode)
    assert found["My V"].dtype == dtype
    assert found["My V"].isna().all()
    assert len(found) == 2


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["unload", "auto"])
@pytest.mark.parametrize("name", NESTED)
def test_nested_values_are_what_they_are(staging: str, name: str, mode: str) -> None:
    """Lists and dictionaries, and inside them the same types."""
    sql, value = NESTED[name]
    assert column(sql, staging, mode=mode).tolist() == [value, None, value]


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("name", NESTED)
def test_nested_values_are_never_guessed_from_text(staging: str, name: str) -> None:
    """In CSV [a, b] may be two texts, or one; rows in order have no other way."""
    sql, value = NESTED[name]
    with pytest.raises(bc.DataError, match=r"column 'v' holds arrays.*use mode='unload'"):
        column(sql, staging, mode="csv")
    with pytest.raises(bc.DataError, match="column 'v' holds arrays"):
        bc.read_data_from_athena(f"select {sql} as v from (values 1) as t(n) order by n",  # noqa: S608
                                 REGION, staging)  # fmt: skip
    limited = f"select {sql} as v from (values 1, 2) as t(n) limit 1"  # noqa: S608
    assert bc.read_data_from_athena(limited, REGION, staging)["v"].tolist() == [value]


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("mode", ["csv", "unload", "auto"])
def test_null_is_not_the_empty_text(staging: str, mode: str) -> None:
    """Nor NULL, nor None."""
    found = bc.read_data_from_athena(f"{NULLS} order by n", REGION, staging)
    assert found["s"].tolist() == ["a", pd.NA, ""]
    words = "select * from (values 'NULL', 'NA', 'nan', '\\N', ' ', '') as t(s)"
    found = bc.read_data_from_athena(words, REGION, staging, mode=mode)
    assert sorted(found["s"]) == sorted(["NULL", "NA", "nan", "\\N", " ", ""])


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("arrow", [True, False])
def test_many_rows_as_csv(staging: str, arrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one page of the API holds: from the file, with pyarrow or without."""
    if not arrow:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    expressions = ", ".join(f"if(n % 3 > 0, {sql}) as {name}" for name, (sql, *_) in VALUES.items())
    query = (
        f"select n, {expressions}, time '12:34:56.789' as clock, "  # noqa: S608
        "timestamp '2020-01-01 11:00:00 UTC' as zoned "
        "from unnest(sequence(1, 3000)) as t(n) order by n"
    )
    found = bc.read_data_from_athena(query, REGION, staging)
    assert found["n"].tolist() == list(range(1, 3001))
    for name, (_, value, dtype) in VALUES.items():
        assert found[name].dtype == dtype
        assert found[name].isna().tolist() == [n % 3 == 0 for n in range(1, 3001)]
        assert found[name][0] == found[name][2998] == value
    assert found["clock"][0] == dt.time(12, 34, 56, 789_000)
    assert found["zoned"].dtype == "datetime64[ms, UTC]"
    assert found["zoned"][0] == pd.Timestamp("2020-01-01 11:00", tz="UTC")


@pytest.mark.usefixtures("s3_environment")
@pytest.mark.parametrize("count", [99, 100])
def test_rows_come_from_one_place(staging: str, count: int) -> None:
    """Few from the API, in one small page; more from the file, and not from both."""
    asked: list[int] = []

    def note(params: dict[str, Any], **_: object) -> None:
        asked.append(params.get("MaxResults", 1000))

    events = client("athena", REGION).meta.events
    events.register("provide-client-params.athena.GetQueryResults", note, unique_id="note")
    try:
        query = f"select n from unnest(sequence(1, {count})) as t(n) order by n"  # noqa: S608
        found = bc.read_data_from_athena(query, REGION, staging)
    finally:
        events.unregister("provide-client-params.athena.GetQueryResults", unique_id="note")
    assert found["n"].tolist() == list(range(1, count + 1))
    assert asked == [100]


@pytest.mark.usefixtures("s3_environment")
def test_many_rows_as_parquet(staging: str) -> None:
    """All of them, once."""
    query = (
        "select n, cast(n as varchar) as s from (select a * 10000 + b as n "
        "from unnest(sequence(0, 4)) as one(a) cross join unnest(sequence(1, 10000)) as two(b))"
    )
    found = bc.read_data_from_athena(query, REGION, staging)
    assert sorted(found["n"]) == list(range(1, 50_001))
    assert (found["s"] == found["n"].astype("string")).all()
