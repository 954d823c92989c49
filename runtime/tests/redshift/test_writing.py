"""What a DataFrame becomes in a table: the same values, all of them or none."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime.tests.strategies import SCALARS, same

import batcat_runtime as bc
from batcat_runtime.columns.series import column, table, type_of
from batcat_runtime.columns.types import parse
from batcat_runtime.redshift.insert import rows_per_statement

if TYPE_CHECKING:
    from .conftest import Redshift

# What Redshift stores, of types and values.
_MOMENTS = st.integers(-62_135_596_800 * 10**6, 253_402_300_799 * 10**6)
STORED: dict[str, st.SearchStrategy[Any]] = {
    **{name: SCALARS[name] for name in ("smallint", "integer", "bigint", "real", "double")},
    **{name: SCALARS[name] for name in ("boolean", "decimal(38, 10)", "date", "time")},
    "varchar": SCALARS["varchar"].filter(lambda text: "\0" not in text),
    "timestamp(6)": _MOMENTS,
    "timestamp(6) with time zone": _MOMENTS,
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=4)
@given(data=st.data())
def test_what_is_written_is_read_again(redshift: Redshift, data: st.DataObject) -> None:
    """Every value of every type, NULL, and types of columns without any."""
    count = data.draw(st.integers(0, 15))
    columns = [
        column(data.draw(st.lists(st.none() | values, min_size=count, max_size=count)), parse(name))
        for name, values in STORED.items()
    ]
    frame = table(list(STORED), columns).assign(place=pd.array(range(count), dtype="Int64"))
    types = {name: name.replace("(6)", "") for name in STORED}
    assert redshift.save(frame, if_exists="replace", index=False, dtype=types) == count
    read = redshift.read(f"select * from public.{redshift.table} order by place")  # noqa: S608
    assert list(read.columns) == list(frame.columns)
    for name in frame.columns:
        assert same(read[name], frame[name]), name


def test_types_follow_the_dtypes_and_values(redshift: Redshift) -> None:
    """As pandas users write frames, without a word about types."""
    frame = pd.DataFrame(
        {
            "i": [1, 2, 3],
            "f": [1.5, np.nan, np.inf],
            "nullable": pd.array([2**53 + 1, None, -1], dtype="Int64"),
            "unsigned": pd.array([2**64 - 1, None, 0], dtype="UInt64"),
            "nan": pd.arrays.FloatingArray(
                np.array([np.nan, 1, 2]), np.array([False, True, False])
            ),
            "t": ["", None, "电池"],
            "b": [True, False, None],
            "when": pd.array(["2026-01-01T00:00:00.123456", None, "2026-01-02"], "datetime64[us]"),
            "kind": pd.Categorical(["x", None, "y"]),
            "none": [None, None, None],
            "price": [Decimal("1.5"), None, Decimal(100)],
        }
    )
    redshift.save(frame, index=False)
    read = redshift.rows()
    assert read["f"].to_list()[0] == 1.5
    assert read["f"].array[1] is pd.NA  # NaN of numpy is missing, as pandas users know it
    assert read["f"].array[2] == np.inf
    assert np.isnan(read["nan"].array[0])  # of a nullable column it is a value
    assert read["nullable"].to_list() == [2**53 + 1, pd.NA, -1]
    assert read["unsigned"].to_list() == [Decimal(2**64 - 1), None, Decimal(0)]
    assert read["t"].to_list() == ["", pd.NA, "电池"]
    assert read["b"].to_list() == [True, False, pd.NA]
    assert read["when"].to_list()[::2] == frame["when"].to_list()[::2]
    assert read["when"].isna().to_list() == [False, True, False]
    assert read["kind"].to_list() == ["x", pd.NA, "y"]
    assert read["price"].to_list() == [Decimal("1.5"), None, Decimal("100.0")]
    assert str(type_of(read["price"], "price")) == "decimal(4, 1)"


@pytest.mark.parametrize(
    "names",
    [["select", "order", "group"], ["Mixed", "mixed", "MIXED"], ["a b", "a;b", "a'b", "100%"]],
)
def test_any_name_is_kept(redshift: Redshift, names: list[str]) -> None:
    """Reserved words, capital letters, blanks and signs; of the table, too."""
    redshift.table = "Order By"
    frame = pd.DataFrame([range(len(names))], columns=names)
    redshift.save(frame, if_exists="replace", index=False)
    read = redshift.read('select * from public."Order By"', case_sensitive=True)
    assert list(read.columns) == names
    assert read.to_numpy().tolist() == [list(range(len(names)))]


def test_a_name_is_never_sql(redshift: Redshift) -> None:
    """What would end the quotes is refused."""
    frame = pd.DataFrame({"a": [1]})
    with pytest.raises(bc.ConfigError, match=r"schema .* cannot have this name"):
        redshift.save(frame, schema='public"."x')
    redshift.table = 'x"; drop table y; --'
    with pytest.raises(bc.ConfigError, match=r"table .* cannot have this name"):
        redshift.save(frame)
    with pytest.raises(bc.ConfigError, match="column 'a\"' cannot have this name"):
        redshift.save(pd.DataFrame({'a"': [1]}))


def test_if_exists_means_what_it_means_to_pandas(redshift: Redshift) -> None:
    """fail, append, delete_rows and replace."""
    one, two = pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})
    redshift.save(one, if_exists="fail", index=False)
    with pytest.raises(ValueError, match="exists; say if_exists='append'"):
        redshift.save(two, if_exists="fail", index=False)
    redshift.save(two, index=False)
    assert redshift.rows()["a"].to_list() == [1, 2]
    redshift.save(two, if_exists="delete_rows", index=False)
    assert redshift.rows()["a"].to_list() == [2]
    redshift.save(pd.DataFrame({"b": ["x"]}), if_exists="replace", index=False)
    assert redshift.rows()["b"].to_list() == ["x"]
    with pytest.raises(bc.ConfigError, match="must be one of fail, replace"):
        redshift.save(one, if_exists="upsert")


@pytest.mark.parametrize(
    ("index", "label", "names"),
    [
        (pd.RangeIndex(1), None, ["index"]),
        (pd.Index([5], name="key"), None, ["key"]),
        (pd.Index([5]), "row", ["row"]),
        (pd.MultiIndex.from_tuples([(1, "x")]), None, ["level_0", "level_1"]),
        (pd.MultiIndex.from_tuples([(1, "x")], names=["n", None]), None, ["n", "level_1"]),
        (pd.MultiIndex.from_tuples([(1, "x")]), ["n", "t"], ["n", "t"]),
    ],
)
def test_the_index_is_named_as_pandas_names_it(
    redshift: Redshift, index: pd.Index[Any], label: str | list[str] | None, names: list[str]
) -> None:
    """It comes before the columns."""
    frame = pd.DataFrame({"value": [1.5]}, index=index)
    redshift.save(frame, index_label=label)
    read = redshift.rows()
    assert list(read.columns) == [*names, "value"]
    assert read.iloc[0].to_list()[: len(names)] == list(index.to_frame().iloc[0])


def test_a_frame_whose_columns_are_amid_others_is_appended_by_name(redshift: Redshift) -> None:
    """In any order, of either case, and the others are NULL or what they are by default."""
    redshift.run(
        f"create table {redshift.table} (a bigint, b varchar(20), c int default 7, d numeric(9,2))"
    )
    redshift.save(pd.DataFrame({"D": [1.25], "A": [1.0]}), index=False)
    row = redshift.rows().iloc[0]
    assert (row["a"], row["c"], row["d"]) == (1, 7, Decimal("1.25"))
    assert row["b"] is pd.NA


@pytest.mark.parametrize(
    ("column_type", "value", "told"),
    [
        ("int", 1.5, "it has a fraction"),
        ("smallint", 40_000, "it is too large"),
        ("numeric(5,2)", 1.234, "more than 2 digits after the point"),
        ("numeric(5,2)", 12345, "it is too large"),
        ("double precision", 2**53 + 1, "would change its last digits"),
        ("date", pd.Timestamp("2026-01-01 12:00"), "it has a time of day"),
        ("timestamp", pd.Timestamp("2026-01-01 00:00:00.000000001"), "it has nanoseconds"),
        ("timestamp", pd.Timestamp("2026-01-01", tz="UTC"), "has a time zone"),
        ("timestamptz", pd.Timestamp("2026-01-01"), "has a time zone"),
        ("boolean", "yes", "is no boolean"),
        ("int", "1", "is no integer"),
        ("varchar(10)", "a\0b", "a sign NUL"),
        ("varchar(3)", "long", "a value too long for its 3 bytes: it has 4"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_never_changed(
    redshift: Redshift, column_type: str, value: Any, told: str
) -> None:
    """By column and value; and nothing of the frame is written."""
    redshift.run(f"create table {redshift.table} (a {column_type}, n int)")
    frame = pd.DataFrame({"n": [1, 2], "a": pd.Series([None, value], dtype=object)})
    with pytest.raises(bc.DataError, match=told):
        redshift.save(frame, index=False)
    assert len(redshift.rows()) == 0


def test_a_moment_before_the_year_1_is_refused(redshift: Redshift) -> None:
    """Python cannot write it."""
    frame = pd.DataFrame({"a": np.array(["-0044-03-15"], "datetime64[s]")})
    with pytest.raises(bc.DataError, match="before the year 1"):
        redshift.save(frame, index=False)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([pd.Timedelta(1, "s")], "which Redshift has no column for"),
        ([1, "x"], "values of several types"),
        (["\ud800"], "no Unicode text"),
        ([Decimal("1e40")], "decimal up to 38"),
        (["x" * 70_000], "hold up to 65535"),
    ],
)
def test_a_column_without_a_counterpart_is_named(
    redshift: Redshift, values: list[Any], told: str
) -> None:
    """With what to do."""
    with pytest.raises(bc.DataError, match=rf"column 'a' .*{told}"):
        redshift.save(pd.DataFrame({"a": pd.Series(values, dtype=object)}))


def test_types_can_be_said(redshift: Redshift) -> None:
    """One for all, or by name; as SQL, or as SQLAlchemy's objects write themselves."""

    class Numeric:
        def __str__(self) -> str:
            return "NUMERIC(10, 2)"

    frame = pd.DataFrame({"a": [1, 2], "b": [1.5, 2.25]})
    redshift.save(frame, index=False, dtype={"a": "smallint", "b": Numeric()}, if_exists="replace")
    read = redshift.rows()
    assert str(read["a"].dtype) == "Int16"
    assert read["b"].to_list() == [Decimal("1.50"), Decimal("2.25")]
    redshift.save(frame, index=False, dtype="varchar(20)", if_exists="replace")
    assert redshift.rows()["b"].to_list() == ["1.5", "2.25"]
    types = {"a": "Character Varying ( 5 )", "b": "decimal"}
    redshift.save(frame.round(), index=False, dtype=types, if_exists="replace")
    assert redshift.rows()["b"].to_list() == [Decimal(2), Decimal(2)]
    for text in ("varchar(max)", "nvarchar(9)", "text", "char(3)"):
        redshift.save(frame, index=False, dtype={"a": text}, if_exists="replace")
        assert redshift.rows()["a"].str.strip().to_list() == ["1", "2"]
    for bad in ({"a": "int); drop table x; --"}, {"nope": "int"}):
        with pytest.raises(bc.ConfigError, match=r"there is no type|dtype names 'nope'"):
            redshift.save(frame, index=False, dtype=bad, if_exists="replace")


def test_empty_frames_make_empty_tables(redshift: Redshift) -> None:
    """With their columns and types; a frame without columns is refused."""
    frame = pd.DataFrame({"a": pd.array([], dtype="Int32"), "b": pd.Series([], dtype="float64")})
    assert redshift.save(frame, index=False) == 0
    assert [str(one) for one in redshift.rows().dtypes] == ["Int32", "Float64"]
    assert redshift.save(frame, index=False) == 0
    with pytest.raises(bc.DataError, match="has no columns"):
        redshift.save(pd.DataFrame(), index=False)


def test_wide_frames_and_many_rows_are_split_into_statements(redshift: Redshift) -> None:
    """A statement takes 32,767 values; nothing is lost at the seams."""
    wide = pd.DataFrame(np.arange(1600 * 20, dtype="int16").reshape(20, 1600)).add_prefix("c")
    redshift.save(wide, index=False)
    read = redshift.rows()
    assert read.shape == (20, 1600)
    assert (read.to_numpy() == wide.to_numpy()).all()
    redshift.table += "_long"
    redshift.save(pd.DataFrame({"a": range(12_345)}), index=False, chunksize=1000)
    assert redshift.rows()["a"].to_list() == list(range(12_345))


def test_statements_stay_within_their_limits() -> None:
    """Values, bytes and the caller's own limit."""
    many = [["x"] * 100_000] * 4
    assert rows_per_statement(many, None) == 1250
    assert rows_per_statement(many, 100) == 100
    assert rows_per_statement(many, 10**9) * 4 <= 32_767
    large = [["x" * 60_000] * 1000]
    assert rows_per_statement(large, None) * 60_000 <= 4 * 1024 * 1024
    assert rows_per_statement([["x" * 60_000]] * 1600, None) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": lambda *_: None}, "method is"),
        ({"chunksize": 0}, "chunksize is 0"),
        ({"chunksize": True}, "chunksize is True"),
        ({"timeout": 0}, "timeout is 0"),
        ({"port": "x"}, "port is 'x'"),
        ({"index_label": ["a", "b"]}, "index_label has 2 names"),
        ({"schema": "nowhere"}, 'schema "nowhere" does not exist'),
        ({"iam_role": "default"}, "need staging"),
        ({"staging": "s3://bucket/x"}, "staging needs iam_role"),
        ({"staging": "bucket/x", "iam_role": "default"}, "looks like s3://bucket/folder/"),
        ({"staging": "s3://bucket/it's", "iam_role": "default"}, "looks like s3://bucket/folder/"),
        ({"staging": "s3://bucket/", "iam_role": "x'; drop"}, "looks like arn:aws:iam"),
    ],
)
def test_arguments_that_cannot_be_are_refused(
    redshift: Redshift, options: dict[str, Any], told: str
) -> None:
    """Before anything happens; also what would be text in a COPY."""
    with pytest.raises((bc.ConfigError, bc.MissingError), match=told):
        redshift.save(pd.DataFrame({"a": [1]}), **options)


def test_what_is_no_frame_or_has_a_column_twice_is_refused(redshift: Redshift) -> None:
    """With what to do."""
    with pytest.raises(bc.DataError, match="list is no DataFrame"):
        redshift.save([1])
    with pytest.raises(bc.DataError, match="'index' is there twice"):
        redshift.save(pd.DataFrame({"index": [1]}), index_label="index")


def test_dates_and_times_become_what_they_are(redshift: Redshift) -> None:
    """From Python's own, in columns without a dtype."""
    frame = pd.DataFrame(
        {
            "day": pd.Series([dt.date(2026, 1, 1), None], dtype=object),
            "clock": pd.Series([dt.time(1, 2, 3, 4), None], dtype=object),
            "zoned": pd.Series(
                [dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc), None], dtype=object
            ),
            "offset": pd.Series([dt.time(1, tzinfo=dt.timezone.utc), None], dtype=object),
        }
    )
    redshift.save(frame, index=False)
    row = redshift.rows().dropna().iloc[0]
    assert row["day"] == dt.date(2026, 1, 1)
    assert row["clock"] == dt.time(1, 2, 3, 4)
    assert row["zoned"] == pd.Timestamp("2026-01-01", tz="UTC")
    assert row["offset"] == dt.time(1, tzinfo=dt.timezone.utc)
