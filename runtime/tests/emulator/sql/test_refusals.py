"""What Athena would not do either, and what is not emulated, both by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batcat_runtime.emulator.sql.errors import NotEmulatedError, QueryError

if TYPE_CHECKING:
    from runtime.tests.emulator.sql.conftest import Asked

WRONG = [
    # DuckDB converts text by itself; Trino does not.
    ("SELECT * FROM t WHERE dt = '2020-01-31'", "TYPE_MISMATCH", "date = varchar"),
    ("SELECT * FROM t WHERE s = 1", "TYPE_MISMATCH", "varchar = integer"),
    ("SELECT * FROM t WHERE i IN ('1')", "TYPE_MISMATCH", "integer IN varchar"),
    ("SELECT * FROM t WHERE ts BETWEEN '2020-01-01' AND '2021-01-01'", "TYPE_MISMATCH", "varchar"),
    ("SELECT * FROM t a JOIN t b ON a.i = b.s", "TYPE_MISMATCH", "integer = varchar"),
    ("SELECT i || 'a' FROM t", "FUNCTION_NOT_FOUND", "(integer, varchar) for function concat"),
    ("SELECT s + 1 FROM t", "TYPE_MISMATCH", "varchar + integer"),
    ("SELECT CASE WHEN i = 1 THEN 'a' ELSE 2 END FROM t", "TYPE_MISMATCH", "varchar, integer"),
    ("SELECT coalesce(s, 0) FROM t", "TYPE_MISMATCH", "varchar, integer"),
    ("SELECT date_trunc('day', '2020-01-01')", "FUNCTION_NOT_FOUND", "date_trunc"),
    ("SELECT sum(s) FROM t", "FUNCTION_NOT_FOUND", "(varchar) for function sum"),
    ("SELECT cast(1 AS date)", "TYPE_MISMATCH", "Cannot cast integer to date"),
    ("SELECT date_add('hour', 1, dt) FROM t", "INVALID_FUNCTION_ARGUMENT", "'hour'"),
    # DuckDB sees an alias in its own SELECT; Trino does not.
    ("SELECT i AS z FROM t WHERE z > 1", "COLUMN_NOT_FOUND", "'z'"),
    ("SELECT i AS z, count(*) FROM t GROUP BY z", "COLUMN_NOT_FOUND", "'z'"),
    ("SELECT i AS z, z + 1 FROM t", "COLUMN_NOT_FOUND", "'z'"),
    # DuckDB answers NULL; Trino fails.
    ("SELECT l[5] FROM t WHERE i = 1", "INVALID_FUNCTION_ARGUMENT", "5 > 2"),
    ("SELECT m['q'] FROM t WHERE i = 1", "INVALID_FUNCTION_ARGUMENT", "Key not present in map: q"),
    ("SELECT 1 / 0", "DIVISION_BY_ZERO", "Division by zero"),
    ("SELECT 1.5 / 0", "DIVISION_BY_ZERO", "Division by zero"),
    ("SELECT CAST('1.5' AS integer)", "INVALID_CAST_ARGUMENT", "Cannot cast value to integer"),
    ("SELECT try_cast(CAST(s AS bigint) AS varchar) FROM t", "INVALID_CAST_ARGUMENT", "bigint"),
    ("SELECT 2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE", "Overflow"),
    ("SELECT nope FROM t", "COLUMN_NOT_FOUND", "nope"),
    ("SELECT nosuch(1)", "FUNCTION_NOT_FOUND", "'nosuch'"),
    ("SELECT s, count(*) FROM t", "EXPRESSION_NOT_AGGREGATE", "GROUP BY"),
    ("SELECT FROM WHERE", "SYNTAX_ERROR", ""),
    ("SELECT 1; SELECT 2", "SYNTAX_ERROR", "Only one sql statement"),
]


@pytest.mark.parametrize(("sql", "kind", "named"), WRONG, ids=[row[0] for row in WRONG])
def test_what_athena_fails_fails_here(athena: Asked, sql: str, kind: str, named: str) -> None:
    """With its error name, and naming what is wrong."""
    with pytest.raises(QueryError) as caught:
        athena.rows(sql)
    assert caught.value.kind == kind, caught.value
    assert named in caught.value.message


REFUSED = [
    ("SELECT xxhash64(to_utf8('a'))", "Athena function xxhash64"),
    ("SELECT format_datetime(ts, 'YYYY') FROM t", "Athena function format_datetime"),
    ("SELECT histogram(i) FROM t", "Athena function histogram"),
    ("SELECT min(i, 2) FROM t", "min with 2 arguments"),
    ("SELECT dt - dt FROM t", "date - date"),
    ("SELECT ts AT TIME ZONE 'Asia/Tokyo' FROM t", "AT TIME ZONE outside of a CAST"),
    ("SELECT * FROM t TABLESAMPLE BERNOULLI (10)", "TABLESAMPLE"),
    ("SELECT CAST(s AS char(3)) FROM t", "CAST AS CHAR(3)"),
    ("SELECT CAST(l AS json) FROM t", "CAST AS JSON"),
    ("SELECT DECIMAL '1.5'", "DECIMAL without precision"),
    ("SELECT interval '1' day", "a result of type INTERVAL"),
    ("SELECT json_extract(s, '$..a') FROM t WHERE i = 1", "JSON path '$..a'"),
    ("SELECT date_format(ts, s) FROM t", "date_format with a format that is no literal"),
    ("DELETE FROM t", "Athena statement DELETE"),
]


@pytest.mark.parametrize(("sql", "named"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_not_emulated_is_refused_by_name(athena: Asked, sql: str, named: str) -> None:
    """Rather than answered another way."""
    with pytest.raises(NotEmulatedError) as caught:
        athena.rows(sql)
    assert named in caught.value.message
    assert "not emulated by batcat local" in caught.value.message
