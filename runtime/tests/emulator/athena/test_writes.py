"""UNLOAD, CREATE TABLE AS and INSERT INTO."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from runtime.tests.emulator.athena.conftest import Queries
    from runtime.tests.emulator.conftest import Store

ROWS = (
    "SELECT * FROM (VALUES (1, 'a', CAST('1.50' AS decimal(10,2)), timestamp '2020-01-02 "
    "03:04:05.678'), (2, NULL, NULL, NULL), (3, '', CAST('2' AS decimal(10,2)), NULL)) "
    "AS t(i, s, d, ts)"
)


def test_unload_writes_parquet_and_a_manifest(queries: Queries, store: Store) -> None:
    """Types as in the query; the place must be empty; the manifest names every file."""
    from pyarrow import parquet

    sql = f"UNLOAD ({ROWS}) TO '{store.uri('un/')}' WITH (format = 'PARQUET')"
    found = queries.run(sql)
    (key,) = store.keys("un/")
    body = store.s3.get_object(Bucket=store.bucket, Key=f"un/{key}")["Body"].read()
    table = parquet.read_table(io.BytesIO(body)).sort_by("i")
    assert [str(kind) for kind in table.schema.types] == [
        "int32",
        "string",
        "decimal128(10, 2)",
        "timestamp[ms]",
    ]
    assert table.column("s").to_pylist() == ["a", None, ""]
    manifest = found["Statistics"]["DataManifestLocation"]
    assert manifest == store.uri(f"out/{found['QueryExecutionId']}-manifest.csv")
    text = store.text(f"out/{found['QueryExecutionId']}-manifest.csv")
    assert text == f"{store.uri(f'un/{key}')}\n"
    assert found["SubstatementType"] == "UNLOAD"
    assert "HIVE_PATH_ALREADY_EXISTS" in queries.failure(sql)


def test_unload_of_no_rows_writes_nothing(queries: Queries, store: Store) -> None:
    """But an empty manifest."""
    found = queries.run(
        f"UNLOAD (SELECT 1 AS a WHERE false) TO '{store.uri('un/')}' WITH (format = 'PARQUET')"
    )
    assert store.keys("un/") == []
    assert store.text(f"out/{found['QueryExecutionId']}-manifest.csv") == ""


def test_unload_writes_json_and_text_by_partition(queries: Queries, store: Store) -> None:
    """Keys name folders and are not written."""
    queries.run(
        "UNLOAD (SELECT 1 AS a, 'x' AS k UNION ALL SELECT 2, NULL) TO "
        f"'{store.uri('js/')}' WITH (format = 'JSON', compression = 'NONE', "
        "partitioned_by = ARRAY['k'])"
    )
    keys = sorted(store.keys("js/"))
    assert [key.rpartition("/")[0] for key in keys] == ["k=__HIVE_DEFAULT_PARTITION__", "k=x"]
    assert [json.loads(store.text(f"js/{key}")) for key in keys] == [{"a": 2}, {"a": 1}]
    queries.run(
        f"UNLOAD (SELECT 1 AS a, CAST(NULL AS varchar) AS b) TO '{store.uri('tx/')}' "
        "WITH (format = 'TEXTFILE', compression = 'NONE', field_delimiter = ',')"
    )
    assert store.text(f"tx/{store.keys('tx/')[0]}") == "1,\\N\n"


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UNLOAD (SELECT 1 AS a) TO '{}' WITH (format = 'ORC')", "the format ORC"),
        ("UNLOAD (SELECT 1 AS a) TO '{}'", "UNLOAD needs a format"),
        ("UNLOAD (SELECT now() AS a) TO '{}' WITH (format = 'PARQUET')", "Unsupported Hive type"),
        (
            "UNLOAD (SELECT timestamp '2020-01-01 00:00:00.123456' a) TO '{}' WITH (format='JSON')",
            "for timestamp(6); the configured precision is MILLISECONDS; column name: a",
        ),
        (
            (
                "UNLOAD (SELECT ARRAY[timestamp '2020-01-01 00:00:00.123456'] a) "
                "TO '{}' WITH (format='PARQUET')"
            ),
            "for timestamp(6); the configured precision is MILLISECONDS; column name: a",
        ),
        (
            (
                "UNLOAD (SELECT max(t) a FROM (VALUES timestamp '2020-01-01 00:00:00') AS v(t)) "
                "TO '{}' WITH (format='PARQUET')"
            ),
            "for timestamp(0); the configured precision is MILLISECONDS; column name: a",
        ),
        ("UNLOAD (SELECT NULL AS a) TO '{}' WITH (format = 'PARQUET')", "unknown"),
        (
            "UNLOAD (SELECT 1 AS k, 2 a) TO '{}' WITH (format='JSON', partitioned_by=ARRAY['k'])",
            "Partition keys must be the last columns",
        ),
        ("UNLOAD (SELECT 1 AS a, 2 AS a) TO '{}' WITH (format = 'JSON')", "'a' specified more"),
        ("CREATE TABLE c WITH (bucket_count = 4) AS SELECT 1 AS a", "the property bucket_count"),
        ("CREATE TABLE c AS SELECT 1", "Column name not specified at position 1"),
    ],
)
def test_what_cannot_be_written_is_said(
    queries: Queries, store: Store, sql: str, named: str
) -> None:
    """And nothing is left behind."""
    assert named in queries.failure(sql.format(store.uri("un/")))
    assert store.keys("un/") == []
    assert queries.lines("SHOW TABLES") == []


def test_a_table_is_made_from_a_query(queries: Queries, store: Store) -> None:
    """Below the results if no place is said; partitioned if asked; then it is read like any."""
    found = queries.run(f"CREATE TABLE c AS {ROWS}")
    assert found["SubstatementType"] == "CREATE_TABLE_AS_SELECT"
    assert len(store.keys(f"out/tables/{found['QueryExecutionId']}/")) == 1
    expected = [
        ["1", "a", "1.50", "2020-01-02 03:04:05.678"],
        ["2", None, None, None],
        ["3", "", "2.00", None],
    ]
    assert queries.rows("SELECT * FROM c ORDER BY i") == expected
    place = store.uri("part/")
    queries.run(
        f"CREATE TABLE p WITH (format = 'JSON', external_location = '{place}', "  # noqa: S608
        "partitioned_by = ARRAY['k']) AS SELECT i, i % 2 AS k FROM c"
    )
    assert queries.lines("SHOW PARTITIONS p") == ["k=0", "k=1"]
    assert queries.rows("SELECT i, k FROM p WHERE k = 1 ORDER BY i") == [["1", "1"], ["3", "1"]]
    assert "already exists" in queries.failure("CREATE TABLE p AS SELECT 1 AS a")
    queries.run("CREATE TABLE IF NOT EXISTS p AS SELECT 1 AS a")


def test_rows_are_inserted(queries: Queries) -> None:
    """By position or by name, into partitions old and new; types must fit."""
    queries.run(
        "CREATE TABLE t WITH (partitioned_by = ARRAY['k']) AS SELECT 1 AS a, 'x' AS b, 1 AS k"
    )
    found = queries.run("INSERT INTO t SELECT 2, 'y', 1 UNION ALL SELECT 3, 'z', 2")
    assert found["SubstatementType"] == "INSERT"
    answer = queries.athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])
    assert answer["UpdateCount"] == 2
    queries.run("INSERT INTO t (k, a) VALUES (2, 4)")
    assert queries.rows("SELECT a, b, k FROM t ORDER BY a") == [
        ["1", "x", "1"],
        ["2", "y", "1"],
        ["3", "z", "2"],
        ["4", None, "2"],
    ]
    for wrong in ("'q', 'y', 1", "1.5, 'y', 1", "1e0, 'y', 1", "CAST(1 AS bigint), 'y', 1"):
        assert "mismatched column types" in queries.failure(f"INSERT INTO t SELECT {wrong}")
    assert "mismatched column types" in queries.failure("INSERT INTO t SELECT 1, 'y'")
