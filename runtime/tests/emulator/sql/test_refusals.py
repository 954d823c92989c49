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
    ("SELECT nullif(1, '1')", "FUNCTION_NOT_FOUND", "(integer, varchar) for function nullif"),
    ("SELECT greatest(1, '2')", "TYPE_MISMATCH", "integer, varchar"),
    ("SELECT ARRAY[1, '2']", "TYPE_MISMATCH", "integer, varchar"),
    ("VALUES (1, NULL), (NULL, 2), ('3', 1)", "TYPE_MISMATCH", "integer, varchar"),
    ("SELECT 1 UNION SELECT 'a'", "TYPE_MISMATCH", "column 1 in UNION query"),
    ("SELECT i FROM t EXCEPT SELECT s FROM t", "TYPE_MISMATCH", "column 1 in EXCEPT query"),
    ("SELECT 1, 2 UNION ALL SELECT 1", "TYPE_MISMATCH", "different number of fields: 2, 1"),
    ("SELECT 1 FROM t WHERE (i, s) IN (('1', 'x'))", "TYPE_MISMATCH", "IN"),
    ("SELECT i FROM t WHERE i", "TYPE_MISMATCH", "WHERE clause must evaluate to a boolean"),
    ("SELECT CASE WHEN 1 THEN 2 END", "TYPE_MISMATCH", "actual type integer"),
    ("SELECT if(1, 2)", "TYPE_MISMATCH", "actual type integer"),
    ("SELECT NOT 1", "TYPE_MISMATCH", "actual type integer"),
    ("SELECT true AND 'x'", "TYPE_MISMATCH", "actual type varchar"),
    ("SELECT count(*) FILTER (WHERE 1) FROM t", "TYPE_MISMATCH", "actual type integer"),
    ("SELECT 1 FROM t a JOIN t b ON 1", "TYPE_MISMATCH", "actual type integer"),
    ("SELECT count(*) FROM t HAVING 1", "TYPE_MISMATCH", "actual type integer"),
    ("SELECT sqrt('4')", "FUNCTION_NOT_FOUND", "(varchar) for function sqrt"),
    ("SELECT from_unixtime('5')", "FUNCTION_NOT_FOUND", "(varchar)"),
    ("SELECT repeat('a', '2')", "FUNCTION_NOT_FOUND", "(varchar) for function repeat"),
    ("SELECT contains(l, '1') FROM t", "FUNCTION_NOT_FOUND", "(integer, varchar)"),
    ("SELECT l['1'] FROM t", "TYPE_MISMATCH", "varchar for subscript"),
    ("SELECT lag('a', '1') OVER () FROM t", "FUNCTION_NOT_FOUND", "for function lag"),
    ("SELECT listagg(i, ',') WITHIN GROUP (ORDER BY i) FROM t", "FUNCTION_NOT_FOUND", "integer"),
    ("SELECT md5('a')", "FUNCTION_NOT_FOUND", "(varchar) for function md5"),
    ("SELECT i LIKE '1' FROM t", "TYPE_MISMATCH", "LIKE must be varchar: integer"),
    ("SELECT date_add('day', '1', dt) FROM t", "FUNCTION_NOT_FOUND", "(varchar)"),
    ("SELECT approx_percentile(s, 0.5) FROM t", "NOT_EMULATED", "approx_percentile of (varchar"),
    # DuckDB cuts; Trino fails.
    ("SELECT CAST(12345 AS varchar(3))", "INVALID_CAST_ARGUMENT", "varchar(3)"),
    ("SELECT dt + interval '36' hour FROM t", "INVALID_FUNCTION_ARGUMENT", "hour"),
    ("SELECT date_parse('2020 ', '%Y')", "INVALID_FUNCTION_ARGUMENT", "Invalid format"),
    ("SELECT slice(l, 0, 1) FROM t", "INVALID_FUNCTION_ARGUMENT", "start at 1"),
    ("SELECT sequence(1, 5, -1)", "INVALID_FUNCTION_ARGUMENT", "stop value"),
    ("SELECT sequence(1, 10001)", "INVALID_FUNCTION_ARGUMENT", "10000 entries"),
    ("SELECT 'a' LIKE 'a$x' ESCAPE '$'", "INVALID_FUNCTION_ARGUMENT", "Escape character"),
    ("SELECT regexp_replace('a', 'a', '$')", "INVALID_FUNCTION_ARGUMENT", "'$'"),
    ("SELECT regexp_extract('a', 'a', 1)", "INVALID_FUNCTION_ARGUMENT", "Pattern has 0 groups"),
    ("SELECT 5.5 % 0", "DIVISION_BY_ZERO", "Division by zero"),
    ("SELECT i % 0 FROM t", "DIVISION_BY_ZERO", "Division by zero"),
    ("SELECT -CAST(-2147483648 AS integer)", "NUMERIC_VALUE_OUT_OF_RANGE", ""),
    # Grammar of other dialects, which sqlglot and DuckDB read.
    ("SELECT i FROM t LIMIT 1 OFFSET 1", "SYNTAX_ERROR", "'OFFSET'"),
    ("SELECT i FROM t LIMIT 1, 2", "SYNTAX_ERROR", "','"),
    ("SELECT i FROM t LIMIT 1 + 1", "SYNTAX_ERROR", "LIMIT"),
    ("SELECT '1'::integer", "SYNTAX_ERROR", "'::'"),
    ("SELECT 1 == 1", "SYNTAX_ERROR", "'=='"),
    ("SELECT i, FROM t", "SYNTAX_ERROR", "'FROM'"),
    ("SELECT * EXCLUDE (i) FROM t", "SYNTAX_ERROR", "STAR"),
    ("SELECT s, count(*) FROM t GROUP BY ALL", "SYNTAX_ERROR", "GROUP"),
    ("SELECT DISTINCT ON (i) i FROM t", "SYNTAX_ERROR", "DISTINCT"),
    ("SELECT true IS TRUE", "SYNTAX_ERROR", "IS TRUE"),
    ("SELECT a.i FROM t a SEMI JOIN t b ON a.i = b.i", "SYNTAX_ERROR", "SEMI JOIN"),
    ("SELECT a.i FROM t a NATURAL JOIN t b", "SYNTAX_ERROR", "method"),
    ("SELECT 1 AS a UNION ALL BY NAME SELECT 1 AS a", "SYNTAX_ERROR", "by_name"),
    ("SELECT 1_000", "SYNTAX_ERROR", "digit"),
    ("SELECT 9223372036854775808", "INVALID_LITERAL", "9223372036854775808"),
    ("SELECT interval 1 day", "SYNTAX_ERROR", "'1'"),
    ("SELECT count(t.*) FROM t", "SYNTAX_ERROR", "count takes no *"),
    ("SELECT count(DISTINCT i, s) FROM t", "NOT_EMULATED", "count with 2 arguments"),
    ("SELECT 1 FROM t LEFT JOIN UNNEST(l) AS u(x) ON x > 1", "NOT_SUPPORTED", "ON TRUE"),
    # DuckDB finds something else by the name.
    ("SELECT t FROM t", "COLUMN_NOT_FOUND", "'t'"),
    ("SELECT DISTINCT i FROM t ORDER BY s", "EXPRESSION_NOT_IN_DISTINCT", "select list"),
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
    ("WITH RECURSIVE r AS (SELECT 1 AS n) SELECT * FROM r", "WITH RECURSIVE"),
    ("SELECT i FROM t INTERSECT ALL SELECT 1", "INTERSECT ALL"),
    ("SELECT sum(i) AS i FROM t HAVING i > 1", "HAVING over i, a column and an alias"),
    ("SELECT m = m FROM t", "a comparison of maps"),
    (
        "SELECT date(timestamp '2020-01-01 00:00:00 Europe/Berlin')",
        "a time in a zone other than UTC",
    ),
    ("SELECT timestamp '2020-01-01 00:00:00 Europe/Berlin', now()", "a time in a zone other"),
    ("SELECT timestamp '2020-01-01 00:00:00 Asia/Tokyo' FROM t", "a time in a zone other"),
    ("SELECT try_cast('2020-01-01 00:00:00 +02:00' AS timestamp with time zone)", "zone other"),
    ("SELECT from_iso8601_timestamp('2020-01-02T00:30:00+02:00')", "a time in a zone other"),
    ("SELECT from_iso8601_timestamp('2020-W01')", "from_iso8601_timestamp of other than days"),
    ("SELECT CAST(timestamp '2020-01-01 00:00:00' AS varchar)", "other than 3 digits"),
    ("SELECT date_parse(s, '%W') FROM t", "date_parse with %W"),
    ("SELECT interval '1' week + dt FROM t", "INTERVAL in WEEK"),
    ("SELECT sequence(dt, dt, interval '1' month) FROM t", "sequence of date by MONTH"),
    ("SELECT regexp_like(s, s) FROM t", "regexp_like with a pattern that is no literal"),
    ("SELECT regexp_like(s, '\\p{L}') FROM t", "in a pattern"),
    ("SELECT regexp_like(s, '[a-c&&[^b]]') FROM t", "in a pattern"),
    ("SELECT regexp_like(s, '[[:alpha:]]') FROM t", "in a pattern"),
    ("SELECT regexp_like('é', '\\w')", "a pattern with \\w on 'é'"),
    ("SELECT regexp_replace(s, 'x', x -> x) FROM t", "regexp_replace with a lambda"),
    ("SELECT l || i FROM t", "|| of an array and an element"),
    ("SELECT CAST(json_parse('[1]') AS array(integer))", "CAST of JSON AS array(integer)"),
    ("SELECT try(from_iso8601_timestamp(s)) FROM t", "TRY around from_iso8601_timestamp"),
    ("SELECT try(regexp_like(s, '\\w')) FROM t", "TRY around regexp_like"),
    ("SELECT CAST(ts AS timestamp(0)) FROM t", "CAST AS TIMESTAMP(0)"),
    ("SELECT CAST('2020-01-01 00:00:00.5' AS timestamp(0))", "CAST AS TIMESTAMP(0)"),
    ("SELECT timestamp '2020-01-01 00:00:00.12345'", "CAST AS TIMESTAMP(5)"),
    ("SELECT timestamp '2020-01-01 00:00:00.123456789'", "CAST AS TIMESTAMP(9)"),
    ("SELECT CAST(s AS timestamp(12)) FROM t", "CAST AS TIMESTAMP(12)"),
    (
        "SELECT timestamp '2020-10-25 02:30:00 Europe/Berlin' = timestamp '2020-10-25 00:30 UTC'",
        "2020-10-25 02:30:00 Europe/Berlin, when clocks were changed",
    ),
    (
        "SELECT timestamp '2020-03-29 02:30:00.5 Europe/Berlin'",
        "2020-03-29 02:30:00 Europe/Berlin, when clocks were changed",
    ),
    ("SELECT cbrt(27)", "Athena function cbrt"),
]


@pytest.mark.parametrize(("sql", "named"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_not_emulated_is_refused_by_name(athena: Asked, sql: str, named: str) -> None:
    """Rather than answered another way."""
    with pytest.raises(NotEmulatedError) as caught:
        athena.rows(sql)
    assert named in caught.value.message
    assert "not emulated by batcat local" in caught.value.message
