"""PyAthena as a client that knows nothing of this project."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime.tests.emulator.athena.conftest import Queries

ROWS = (
    "SELECT * FROM (VALUES (CAST(9007199254740993 AS bigint), 'a', CAST('1.50' AS decimal(10,2)), "
    "date '2020-01-02', timestamp '2020-01-02 03:04:05.678', true, 1.5e0, to_utf8('ab')), "
    "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS t(i, s, d, da, ts, b, f, x) ORDER BY i"
)


@pytest.fixture
def connection(queries: Queries, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A connection with nothing but the local AWS's variables, and a quick poll."""
    import pyathena

    for name, value in queries.aws.environment.items():
        monkeypatch.setenv(name, value)
    made = pyathena.connect(
        s3_staging_dir=queries.store.uri("staging/"),
        schema_name=queries.database,
        poll_interval=0.02,
    )
    yield made
    made.close()


def test_its_cursor_reads_values(connection: Any) -> None:
    """Typed, with parameters of both kinds."""
    cursor = connection.cursor()
    assert cursor.execute(ROWS).fetchall() == [
        (
            9007199254740993,
            "a",
            Decimal("1.50"),
            dt.date(2020, 1, 2),
            dt.datetime(2020, 1, 2, 3, 4, 5, 678000),  # noqa: DTZ001 - without zone in Athena
            True,
            1.5,
            b"ab",
        ),
        (None,) * 8,
    ]
    assert cursor.execute("SELECT %(x)s", {"x": "it's"}).fetchall() == [("it's",)]
    assert cursor.execute("SELECT ? + 1", ["41"], paramstyle="qmark").fetchall() == [(42,)]
    with pytest.raises(Exception, match="DIVISION_BY_ZERO"):
        cursor.execute("SELECT 1 / 0")


# PyAthena itself asks pandas for what pandas 4 will not know.
@pytest.mark.filterwarnings("ignore:engine='auto'")
@pytest.mark.parametrize("unload", [False, True])
def test_its_pandas_cursor_reads_frames(connection: Any, unload: bool) -> None:
    """From the CSV file, and from Parquet through UNLOAD and its manifest."""
    from pyathena.pandas.cursor import PandasCursor

    frame = (
        connection.cursor(PandasCursor, unload=unload)
        .execute(f"SELECT i, s, d, f FROM ({ROWS}) WHERE i IS NOT NULL")  # noqa: S608
        .as_pandas()
    )
    assert frame.to_dict("records") == [
        {"i": 9007199254740993, "s": "a", "d": Decimal("1.50"), "f": 1.5}
    ]


@pytest.mark.parametrize("unload", [False, True])
def test_its_arrow_cursor_reads_tables(
    connection: Any, queries: Queries, unload: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrow's own S3 client does not look at AWS_ENDPOINT_URL, so it is told where S3 is."""
    from pyarrow import fs
    from pyathena.arrow.cursor import ArrowCursor

    place = {"endpoint_override": urlsplit(queries.aws.url).netloc, "scheme": "http"}
    monkeypatch.setattr(fs, "S3FileSystem", partial(fs.S3FileSystem, **place))
    table = (
        connection.cursor(ArrowCursor, unload=unload)
        .execute(f"SELECT i, f, b FROM ({ROWS})")  # noqa: S608
        .as_arrow()
    )
    assert sorted(table.to_pylist(), key=str) == [
        {"i": 9007199254740993, "f": 1.5, "b": True},
        {"i": None, "f": None, "b": None},
    ]


def test_it_lists_the_catalog(connection: Any, queries: Queries) -> None:
    """Through Athena's metadata calls."""
    queries.run("CREATE VIEW v AS SELECT 1 AS a")
    (found,) = connection.cursor().list_table_metadata(schema_name=queries.database)
    assert (found.name, [column.name for column in found.columns]) == ("v", ["a"])
