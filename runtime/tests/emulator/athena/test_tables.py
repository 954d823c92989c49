"""Tables over objects: formats, partitions, DDL, views, and what reading them takes."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from runtime.tests.emulator.athena.conftest import Queries
    from runtime.tests.emulator.conftest import Store

OPEN_CSV = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"
JSON = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
DELIMITED = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','"


def put(store: Store, key: str, body: str | bytes) -> None:
    """Put an object."""
    store.s3.put_object(
        Bucket=store.bucket, Key=key, Body=body.encode() if isinstance(body, str) else body
    )


def parquet(table: Any) -> bytes:
    """A Parquet file."""
    from pyarrow import parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def table(queries: Queries, columns: str, rest: str, name: str = "t") -> None:
    """Make a table over ``data/``."""
    location = queries.store.uri("data/")
    queries.run(f"CREATE EXTERNAL TABLE {name} ({columns}) {rest} LOCATION '{location}'")


def test_delimited_text_is_read_as_lazy_simple_serde_does(queries: Queries, store: Store) -> None:
    """Quotation marks are data, what cannot be read is NULL, missing columns are NULL."""
    put(store, "data/a.csv", '1,"x",1.5,true\nz,\\N,y,no\n3\n4,w,2,false,more\n')
    put(store, "data/_SUCCESS", "not data")
    put(store, "data/.hidden", "not data")
    table(queries, "a int, b string, c double, d boolean", DELIMITED)
    assert queries.rows("SELECT * FROM t ORDER BY a") == [
        ["1", '"x"', "1.5", "true"],
        ["3", None, None, None],
        ["4", "w", "2.0", "false"],
        [None, None, None, None],
    ]


def test_escapes_arrays_and_headers_of_delimited_text(queries: Queries, store: Store) -> None:
    """As the table says; compressed objects are read, too."""
    put(store, "data/a.csv.gz", gzip.compress(b"name,tags\nx\\,y,a|b\r\nz,\r\n"))
    rest = (
        f"{DELIMITED} ESCAPED BY '\\\\' COLLECTION ITEMS TERMINATED BY '|' "
        f"LOCATION '{store.uri('data/')}' TBLPROPERTIES ('skip.header.line.count'='1')"
    )
    queries.run(f"CREATE EXTERNAL TABLE t (name string, tags array<string>) {rest}")
    assert queries.rows("SELECT name, tags, cardinality(tags) FROM t ORDER BY 1") == [
        ["x,y", "[a, b]", "2"],
        ["z", "[]", "0"],
    ]


def test_quoted_text_is_read_by_open_csv_serde(queries: Queries, store: Store) -> None:
    """An empty text is no NULL; a bad number is an error; dates count days."""
    put(store, "data/a.csv", '1,"x, ""y""","",18262\n')
    table(queries, "a bigint, b string, c string, d date", OPEN_CSV)
    assert queries.rows("SELECT * FROM t") == [["1", 'x, "y"', "", "2020-01-01"]]
    put(store, "data/b.csv", '"q","","",1\n')
    assert "INVALID_CAST_ARGUMENT" in queries.failure("SELECT sum(a) FROM t")


def test_json_lines_are_read_without_rounding(queries: Queries, store: Store) -> None:
    """Names without case, nested values, numbers of any length; a bad line is an error."""
    put(
        store,
        "data/a.json",
        '{"ID": 9007199254740993, "n": 12345678901234567890.12, "s": {"X": [1, 2]}, "t": 1.50}\n'
        '{"id": 2}\n',
    )
    table(queries, "id bigint, n decimal(38,2), s struct<x:array<int>>, t string", JSON)
    assert queries.rows("SELECT id, n, s.x[2], t FROM t ORDER BY id DESC") == [
        ["9007199254740993", "12345678901234567890.12", "2", "1.50"],
        ["2", None, None, None],
    ]
    put(store, "data/b.json", "{no json\n")
    assert "HIVE_CURSOR_ERROR" in queries.failure("SELECT count(id) FROM t")


def test_parquet_is_read_by_name_and_only_what_is_needed(queries: Queries, store: Store) -> None:
    """A missing column is NULL, a wrong type an error, and unused columns cost nothing."""
    import pyarrow as pa

    body = parquet(
        pa.table(
            {
                "B": pa.array(["x", None, ""]),
                "a": pa.array([1, 2, 3], pa.int32()),
                "pad": pa.array([str(number) * 4000 for number in range(3)]),
            }
        )
    )
    put(store, "data/a.parquet", body)
    table(queries, "a bigint, b string, c double, pad string", "STORED AS PARQUET")
    assert queries.rows("SELECT a, b, c FROM t ORDER BY a") == [
        ["1", "x", None],
        ["2", None, None],
        ["3", "", None],
    ]
    narrow = queries.run("SELECT sum(a) FROM t")["Statistics"]["DataScannedInBytes"]
    wide = queries.run("SELECT * FROM t")["Statistics"]["DataScannedInBytes"]
    assert 0 < narrow < wide <= len(body)
    table(queries, "a int, b bigint", "STORED AS PARQUET", "wrong")
    reason = queries.failure("SELECT b FROM wrong")
    assert "HIVE_BAD_DATA: Field b's type BINARY in parquet file s3://" in reason
    assert "incompatible with type bigint" in reason


def test_timestamps_of_tables_hold_milliseconds(queries: Queries, store: Store) -> None:
    """In whatever unit and zone the file holds them."""
    import pyarrow as pa

    ticks = pa.array([1_577_934_245_678_000_000])
    body = parquet(
        pa.table(
            {"n": ticks.cast(pa.timestamp("ns")), "z": ticks.cast(pa.timestamp("ns", "Asia/Tokyo"))}
        )
    )
    put(store, "data/a.parquet", body)
    table(queries, "n timestamp, z timestamp", "STORED AS PARQUET")
    assert queries.rows("SELECT n, z FROM t") == [
        ["2020-01-02 03:04:05.678", "2020-01-02 03:04:05.678"]
    ]


def test_partitions_are_found_pruned_added_and_dropped(queries: Queries, store: Store) -> None:
    """A condition on keys keeps other partitions unread."""
    for day in ("01", "02", "03"):
        put(store, f"data/dt=2024-01-{day}/a.csv", f"{day}\n")
    table(queries, "x int", f"PARTITIONED BY (dt string) {DELIMITED}")
    assert queries.rows("SELECT * FROM t") == []
    assert len(queries.lines("MSCK REPAIR TABLE t")) == 4
    assert queries.lines("SHOW PARTITIONS t") == [f"dt=2024-01-0{day}" for day in (1, 2, 3)]
    found = queries.run("SELECT x, dt FROM t WHERE dt >= '2024-01-02' AND dt <> '2024-01-03'")
    assert queries.result(found["QueryExecutionId"])[1:] == [["2", "2024-01-02"]]
    assert found["Statistics"]["DataScannedInBytes"] == 3
    queries.run("ALTER TABLE t DROP PARTITION (dt = '2024-01-01')")
    place = store.uri("data/dt=2024-01-01/")
    queries.run(f"ALTER TABLE t ADD IF NOT EXISTS PARTITION (dt = '2025') LOCATION '{place}'")
    assert queries.rows("SELECT x FROM t WHERE dt = '2025'") == [["1"]]
    assert "already exists" in queries.failure("ALTER TABLE t ADD PARTITION (dt = '2025')")
    assert "TYPE_MISMATCH" in queries.failure("SELECT x FROM t WHERE dt = 2025")


def test_a_view_is_a_query(queries: Queries, store: Store) -> None:
    """Of its own database; it can be replaced, shown and dropped."""
    put(store, "data/a.csv", "1\n2\n")
    table(queries, "x int", DELIMITED)
    queries.run("CREATE VIEW v AS SELECT x * 2 AS y FROM t")
    assert queries.rows(f"SELECT sum(y) FROM {queries.database}.v", QueryExecutionContext={}) == [  # noqa: S608
        ["6"]
    ]
    queries.run("CREATE OR REPLACE VIEW v AS SELECT x * 3 AS y FROM t")
    assert queries.rows("SELECT y FROM v ORDER BY y") == [["3"], ["6"]]
    assert queries.lines("SHOW VIEWS") == ["v"]
    assert queries.lines("SHOW TABLES") == ["t", "v"]
    assert "already exists" in queries.failure("CREATE VIEW v AS SELECT 1 AS y")
    assert "COLUMN_NAME_NOT_SPECIFIED" in queries.failure("CREATE VIEW w AS SELECT 1")
    queries.run("DROP VIEW v")
    assert queries.lines("SHOW TABLES") == ["t"]


def test_the_catalog_is_shown(queries: Queries) -> None:
    """DESCRIBE, SHOW and information_schema."""
    table(
        queries, "id bigint COMMENT 'key', name string", f"PARTITIONED BY (dt string) {DELIMITED}"
    )
    first = queries.lines("DESCRIBE t")[0] or ""
    assert [part.strip() for part in first.split("\t")] == ["id", "bigint", "key"]
    shown = "\n".join(line or "" for line in queries.lines("SHOW CREATE TABLE t"))
    assert "`id` bigint COMMENT 'key'" in shown
    assert queries.database in queries.lines("SHOW DATABASES")
    expected = ["id", "name", "dt"]
    for of in ("IN t", f"FROM t IN {queries.database}", f"FROM {queries.database}.t"):
        assert [(line or "").strip() for line in queries.lines(f"SHOW COLUMNS {of}")] == expected
    assert queries.rows(
        "SELECT column_name, data_type, extra_info FROM information_schema.columns "  # noqa: S608
        f"WHERE table_schema = '{queries.database}' ORDER BY ordinal_position"
    ) == [["id", "bigint", None], ["name", "varchar", None], ["dt", "varchar", "partition key"]]
    found = queries.athena.get_table_metadata(
        CatalogName="AwsDataCatalog", DatabaseName=queries.database, TableName="T"
    )["TableMetadata"]
    assert [one["Type"] for one in found["Columns"]] == ["bigint", "string"]


def test_databases_and_tables_are_made_once(queries: Queries) -> None:
    """IF [NOT] EXISTS lets pass what else fails; a database with tables needs CASCADE."""
    table(queries, "x int", DELIMITED)
    location = queries.store.uri("data/")
    queries.run(f"CREATE EXTERNAL TABLE IF NOT EXISTS t (x int) LOCATION '{location}'")
    assert "already exists" in queries.failure(
        f"CREATE EXTERNAL TABLE t (x int) LOCATION '{location}'"
    )
    assert "Duplicate column name x" in queries.failure(
        f"CREATE EXTERNAL TABLE o (x int) PARTITIONED BY (X int) LOCATION '{location}'"
    )
    queries.run("DROP TABLE IF EXISTS nothing")
    assert "not found" in queries.failure("DROP TABLE nothing")
    queries.run(f"CREATE DATABASE IF NOT EXISTS {queries.database}")
    assert "already exists" in queries.failure(f"CREATE DATABASE {queries.database}")
    assert "is not empty" in queries.failure(f"DROP DATABASE {queries.database}")
    queries.run(f"DROP DATABASE {queries.database} CASCADE")
    assert "SCHEMA_NOT_FOUND" in queries.failure("SHOW TABLES")


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("CREATE EXTERNAL TABLE o (x int) STORED AS ORC LOCATION 's3://x/'", "STORED AS ORC"),
        ("CREATE EXTERNAL TABLE o (x int) ROW FORMAT SERDE 'a.B' LOCATION 's3://x/'", "SerDe a.B"),
        ("CREATE TABLE o (x int) LOCATION 's3://x/'", "Iceberg tables"),
        ("ALTER TABLE t RENAME PARTITION (a=1) TO PARTITION (a=2)", "ALTER TABLE RENAME"),
        ("SELECT * FROM projected", "partition projection"),
        ("DESCRIBE FORMATTED t", "DESCRIBE FORMATTED t"),
        ("DESCRIBE t x", "DESCRIBE t x"),
        ("SHOW CREATE TABLE v", "SHOW CREATE TABLE of a view"),
        ("DROP TABLE v", "DROP TABLE of the other kind"),
        ("DROP VIEW t", "DROP VIEW of the other kind"),
        ("CREATE TABLE c AS SELECT 1 AS a WITH NO DATA", "WITH NO DATA"),
        ('SELECT "$path" FROM t', "the hidden column $path"),
    ],
)
def test_tables_that_are_not_emulated_are_refused_by_name(
    queries: Queries, sql: str, named: str
) -> None:
    """In the query's reason."""
    table(queries, "x int", DELIMITED)
    queries.run(
        "CREATE EXTERNAL TABLE projected (x int) PARTITIONED BY (d string) "
        "LOCATION 's3://x/' TBLPROPERTIES ('projection.enabled'='true')"
    )
    queries.run("CREATE VIEW v AS SELECT 1 AS a")
    try:
        reason = queries.failure(sql)
    except queries.athena.exceptions.ClientError as error:
        # Said as soon as the query is sent.
        reason = f"{error.response['Error']['Code']}: {error}"
    assert reason.startswith(("NOT_EMULATED", "NotEmulated")), reason
    assert named in reason
