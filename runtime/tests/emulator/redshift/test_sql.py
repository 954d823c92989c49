"""SQL of Redshift's that PostgreSQL lacks, or takes for something else.

Source, by section: Amazon Redshift Database Developer Guide, "SQL functions reference", "CREATE
TABLE", "Names and identifiers", "TRUNCATE", "Defining table constraints".
"""

from __future__ import annotations

import datetime as dt
import gc
import warnings
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.redshift.conftest import Session

TABLE: list[tuple[str, Any]] = [
    # DATEADD, DATEDIFF: boundaries that are crossed; DATE_TRUNC gives a timestamp
    ("dateadd(month, 1, date '2020-01-31')", dt.datetime(2020, 2, 29)),  # noqa: DTZ001
    ("dateadd('day', -1, timestamp '2020-01-01 10:00:00')", dt.datetime(2019, 12, 31, 10)),  # noqa: DTZ001
    ("datediff(day, timestamp '2020-01-01 23:00:00', timestamp '2020-01-02 01:00:00')", 1),
    ("datediff(qtr, date '1998-07-01', date '1998-10-01')", 1),
    ("datediff(year, date '2020-12-31', date '2021-01-01')", 1),
    ("date_trunc('month', date '2020-01-15')", dt.datetime(2020, 1, 1)),  # noqa: DTZ001
    ("extract(second from timestamp '2020-01-01 00:00:05.9')", 5),
    ("trunc(timestamp '2020-01-15 10:00:00')", dt.date(2020, 1, 15)),
    ("last_day(date '2020-02-03')", dt.date(2020, 2, 29)),
    ("add_months(date '2020-01-31', 1)", dt.datetime(2020, 2, 29)),  # noqa: DTZ001
    ("convert_timezone('Europe/Berlin', timestamp '2020-07-01')", dt.datetime(2020, 7, 1, 2)),  # noqa: DTZ001
    ("getdate() <= sysdate + interval '1 minute'", True),
    # CONCAT of NULL is NULL; REGEXP_REPLACE replaces all
    ("concat('a', null)", None),
    ("regexp_replace('aaa', 'a', 'b')", "bbb"),
    ("len('abc')", 3),
    ("charindex('b', 'abc')", 2),
    ("strtol('ff', 16)", 255),
    # NVL, NVL2, DECODE, CONVERT
    ("nvl(null, 2, 3)", 2),
    ("nvl2(null, 1, 2)", 2),
    ("decode(2, 1, 'a', 2, 'b', 'c')", "b"),
    ("decode(null, null, 'a', 'b')", "a"),
    ("convert(integer, '42')", 42),
    # AVG of integers is an integer, of a NUMERIC one of its scale; integers divide to integers
    ("7 / 2", 3),
    ("(select avg(x) from (select 1 as x union all select 2) t)", 1),
    ("(select avg(x::decimal(10,2)) from (select 1 as x union all select 2) t)", Decimal("1.50")),
    (
        ("(select listagg(x, ',') within group (order by x desc) from "
         "(select 'a' as x union all select 'b') t)"),
        "b,a"),
    # MEDIAN and PERCENTILE_CONT of integers and decimals are decimals, of floats floats; SUM of
    # integers is one, of a REAL it is DOUBLE PRECISION, and so are spreads, SQRT and POWER
    ("(select median(x) from (select 1 as x union all select 2) t)", Decimal("1.5")),
    ("(select median(x) from (select 1::bigint as x union all select null) t)", Decimal(1)),
    ("(select median(x) from (select 1.5::float8 as x union all select 2) t)", 1.75),
    (
        ("(select percentile_cont(0.25) within group (order by x) from "
         "(select 1::decimal(5,2) as x union all select 2) t)"),
        Decimal("1.25")),
    (
        ("(select percentile_cont(0.25) within group (order by x desc) from "
         "(select 1 as x union all select 2) t)"),
        Decimal("1.75")),
    (
        ("(select percentile_cont(0.25) within group (order by x) from "
         "(select 1::float4 as x union all select 2) t)"),
        1.25),
    ("(select sum(x) from (select 2::bigint as x union all select null) t)", 2),
    ("(select sum(x) from (select 0.1::float4 as x union all select 0) t)", 0.10000000149011612),
    ("(select stddev(x) from (select 1 as x union all select 3) t)", 2**0.5),
    ("(select var_pop(x) from (select 1::decimal(5,2) as x union all select 3) t)", 1.0),
    ("sqrt(4::decimal(5,2))", 2.0),
    ("power(2::decimal(5,2), 2)", 4.0),
    ("2::decimal(5,2) ^ 2", 4.0),
    # a VARCHAR counts bytes and has 256 of them by default; DECIMAL is DECIMAL(18, 0)
    ("'\u00e9\u00e9'::varchar(3)", "\u00e9"),
    ("len(repeat('a', 300)::varchar)", 256),
    ("len(cast(repeat('a', 300) as text))", 256),
    ("len(repeat('a', 70000)::varchar(max))", 65535),
    ("'ab'::character varying(1)", "a"),
    ("'1.5'::decimal", Decimal(2)),
    ("cast(1.5 as numeric)", Decimal(2)),
    ("convert(decimal, 1.5)", Decimal(2)),
    # a backslash escapes; LOWER knows every letter; texts are ordered by their bytes
    (r"'a\\b\'c\n'", "a\\b'c\n"),
    (r"'axb' like 'a\\_b'", False),
    ("lower('\u00c9')", "\u00e9"),
    ("'Z' < 'a'", True),
    # no match is an empty text; REGEXP_REPLACE from a place on replaces all; texts are timestamps
    ("regexp_substr('abc', 'z')", ""),
    ("regexp_substr('abcb', 'b', 1, 2)", "b"),
    ("regexp_replace('aaa', 'a', 'b', 2)", "abb"),
    ("dateadd(month, 1, '2020-01-31')", dt.datetime(2020, 2, 29)),  # noqa: DTZ001
    ("date_trunc('month', '2020-01-31')", dt.datetime(2020, 1, 1)),  # noqa: DTZ001
    ("extract(epoch from timestamptz '1970-01-01 00:00:01.5+00')", 1.5),
    # SUPER as text
    ("json_parse('\"x\"')::varchar(9)", "x"),
    ("json_serialize(json_parse('[\"x\"]'))", '["x"]'),
    ("from_varbyte(to_varbyte('ff', 'hex'), 'hex')", "ff"),
    ("(select approximate count(distinct x) from (select 1 as x union all select 1) t)", 1),
    ("json_extract_path_text('{\"a\": {\"b\": 1}}', 'a', 'b')", "1"),
    ("position('Redshift' in version()) > 0", True),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_an_expression_has_its_documented_value(
    session: Session, expression: str, expected: Any
) -> None:
    """With its documented type."""
    ((value,),) = session.run(f"select {expression}")
    assert value == expected
    assert type(value) is type(expected)


def test_a_table_is_made_as_redshift_writes_it(session: Session) -> None:
    """Storage is no matter, keys are not enforced, lengths and identities are kept."""
    session.run(
        """
        create table {t} (
          id bigint identity(10, 5) primary key,
          name varchar(max) encode zstd distkey default 'x',
          note text, code char(3) unique, kind varbyte(2), body super, whole decimal,
          "Share" nvarchar(2), partition int encode az64, down int identity(0, -1),
          made timestamp default sysdate,
          foreign key (name) references elsewhere (name)
        ) diststyle key compound sortkey (id, name)
        """
    )
    for _ in range(2):
        session.run("insert into {t} (code, body) values ('abc', json_parse('[1]'))")
    assert session.run("select id, name, code, body from {t} order by id") == [
        [10, "x", "abc", "[1]"],
        [15, "x", "abc", "[1]"],
    ]
    session.connection.commit()
    assert session.run("select down from {t} order by id") == [[0], [-1]]
    session.run("insert into {t} (whole, kind) values (1.5, to_varbyte('ffff', 'hex'))")
    assert session.run("select whole from {t} where whole is not null") == [[Decimal(2)]]
    session.connection.commit()


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("note text", f"'{'y' * 257}'", "22001"),
        ("a varchar(5)", "'\u00e9\u00e9\u00e9'", "22001"),
        ("a character varying(5)", "'\u00e9\u00e9\u00e9'", "22001"),
        ("a char(5)", "'\u00e9'", "22021"),
        ('"Mixed" varbyte(2)', "to_varbyte('ffffff', 'hex')", "22001"),
        ("a decimal", "1e18::decimal(38,0)", "22003"),
    ],
)
def test_lengths_count_bytes(session: Session, column: str, value: str, code: str) -> None:
    """What Redshift would refuse is refused, in new columns of a table, too."""
    session.run(f"create table {{t}} ({column})")
    session.run("create table {t}_2 (first int)")
    session.run(f"alter table {{t}}_2 add column {column}")
    session.connection.commit()
    assert session.error(f"insert into {{t}} values ({value})")["C"] == code  # noqa: S608
    assert session.error(f"insert into {{t}}_2 values (1, {value})")["C"] == code  # noqa: S608


def test_blanks_beyond_the_length_are_cut(session: Session) -> None:
    """And nothing else is."""
    session.run("create table {t} (a varchar(2))")
    session.run("insert into {t} values ('\u00e9   ')")
    assert session.run("select a from {t}") == [["\u00e9"]]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select count(*) from {t} where a = 'x'", [[3]]),
        ("select count(*) from {t} where 'x ' = a and a in ('y', 'x   ')", [[3]]),
        ("select count(*) from {t} where a <> 'x'", [[3]]),
        ("select count(*) from {t} where a > 'x'", [[2]]),
        ("select count(*), count(distinct a) from {t}", [[6, 4]]),
        ("select count(*) from (select a from {t} group by 1) as b", [[4]]),
        ("select count(*) from (select a from {t} union select 'x') as b", [[4]]),
        ("select count(*) from {t} as l join {t} as r on l.a = r.a", [[12]]),
        ("select count(*) from {t} as l join {t} as r on l.a = r.c", [[12]]),
        ("select case a when 'x' then 1 end from {t} where n = 2", [[1]]),
        ("select n from {t} order by a, n desc", [[6], [3], [2], [1], [5], [4]]),
        ("select n from {t} where a like 'x'", [[1]]),
        ("select length(a), a || '.' from {t} where n = 3", [[3, "x  ."]]),
    ],
)
def test_blanks_at_the_end_count_in_no_comparison(
    session: Session, query: str, rows: list[list[Any]]
) -> None:
    """Whether it looks up, sorts, groups or joins; all else of a text has them."""
    session.run("create table {t} (n int, a varchar(9), c char(9))")
    session.run(
        "insert into {t} select n, a, a from (select 1 as n, 'x' as a union all select 2, 'x ' "
        "union all select 3, 'x  ' union all select 4, 'y' union all select 5, 'x\t' "
        "union all select 6, ' x') as rows"
    )
    assert session.run(query) == rows


def test_names_are_folded_unless_the_session_says_otherwise(
    session: Session, connect: Callable[..., Any]
) -> None:
    """In double quotes, too; with SET or set_config, also with values bound."""
    session.run('create table {t} ("Mixed" int, "select" int)')
    session.run('insert into {t} ("MIXED", "Select") values (1, 2)')
    cursor = session.connection.cursor()
    cursor.execute(f'select "Mixed", \'"Kept"\' as b from "{session.table.upper()}"')  # noqa: S608
    assert [column[0] for column in cursor.description] == ["mixed", "b"]
    assert cursor.fetchall() == ([1, '"Kept"'],)
    session.connection.commit()
    for statement, values in (
        ("set enable_case_sensitive_identifier to true", None),
        ("select set_config(%s, %s, false)", ("enable_case_sensitive_identifier", "true")),
    ):
        other = connect()
        cursor = other.cursor()
        cursor.execute(statement, values)
        with pytest.raises(Exception, match='column "Mixed" does not exist'):
            cursor.execute(f'select "Mixed" from {session.table}')  # noqa: S608


def test_truncate_commits(session: Session) -> None:
    """What was done before it, too; it cannot be undone."""
    session.run("create table {t} (a int)")
    session.run("insert into {t} values (1)")
    session.connection.commit()
    session.run("insert into {t} values (2)")
    session.run("truncate {t}")
    session.connection.rollback()
    assert session.run("select count(*) from {t}") == [[0]]


def test_a_failed_transaction_leaves_nothing(session: Session) -> None:
    """As in PostgreSQL; the next one begins anew."""
    session.run("create table {t} (a int)")
    session.connection.commit()
    session.run("insert into {t} values (1)")
    assert session.error("select * from nowhere")["M"] == 'relation "nowhere" does not exist'
    assert session.run("select count(*) from {t}") == [[0]]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("select top 5 * from x", "SELECT TOP"),
        ("select a from x qualify row_number() over () = 1", "QUALIFY"),
        ("select datediff(week, date '2020-01-01', date '2020-02-01')", "DATEDIFF(week"),
        ("select sha1('a')", "SHA1"),
        ("select 10.0 / 4", "division of DECIMALs"),
        ("select 1::decimal(10,2) / 3", "division of DECIMALs"),
        ("select json_parse('[1]')::varchar", "object or array of SUPER"),
        (
            "create or replace procedure p() as $$ begin null; end $$ language plpgsql",
            "CREATE OR REPLACE PROCEDURE",
        ),
        ("create function f(int) returns int as $$ select $1 $$ language sql", "CREATE FUNCTION"),
        ("call p()", "CALL"),
        ("show tables from schema dev.public", "SHOW TABLES"),
        ("show table x", "SHOW TABLE"),
        ("create external schema x from data catalog database 'd'", "CREATE EXTERNAL"),
        ("select * from stl_query", "system view stl_query"),
        ("select 1 from pg_catalog.svv_external_columns", "system view svv_external_columns"),
        ("merge into x using y on x.a = y.a remove duplicates", "REMOVE DUPLICATES"),
        ("alter table x append from y", "ALTER TABLE APPEND"),
        ("alter table x add primary key (a)", "ALTER TABLE ADD CONSTRAINT"),
        ("create table #x (a int)", "name with #"),
        ("create view v as select 1 as a with no schema binding", "NO SCHEMA BINDING"),
        ("select first_value(a ignore nulls) over () from x", "IGNORE NULLS"),
        ("select * exclude (a) from x", "EXCLUDE"),
        ("select * from x pivot (count(*) for a in (1))", "PIVOT"),
        (f"select 1 as {'n' * 64}", "more than 63 bytes"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(session: Session, sql: str, named: str) -> None:
    """With an error of the server's."""
    error = session.error(sql)
    assert error["C"] == "0A000"
    assert named in error["M"]
    assert "not emulated by batcat local" in error["M"]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("create index i on x (a)", "CREATE INDEX"),
        ("create table {t} (a serial)", "type SERIAL"),
        ("create table {t} (a int check (a > 0))", "CHECK in CREATE TABLE"),
        ("create table {t} (a int) inherits (x)", "INHERITS in CREATE TABLE"),
        ("select '{{}}'::jsonb", "type JSONB"),
        ("select cast('x' as uuid)", "type UUID"),
        ("insert into x values (1) returning a", "RETURNING"),
        ("insert into x values (1) on conflict do nothing", "ON CONFLICT"),
        ("select distinct on (a) a from x", "DISTINCT ON"),
        ("select count(*) filter (where a = 1) from x", "FILTER WHERE"),
        ("select array[1, 2]", "ARRAY"),
        ("select * from (values (1)) t", "VALUES"),
        ("merge into x using y on x.a = y.a when matched then do nothing", "DO NOTHING"),
        ("do $$ begin null; end $$", "DO"),
    ],
)
def test_what_only_postgresql_has_is_refused_by_name(
    session: Session, sql: str, named: str
) -> None:
    """It would work here and fail there."""
    error = session.error(sql.replace("{{}}", "{}"))
    assert (error["C"], error["M"]) == ("0A000", f"Redshift has no {named}.")


def test_words_in_texts_and_names_are_none(session: Session) -> None:
    """Nothing is refused for what it looks like."""
    assert session.run(
        "select 'returning; qualify' as \"qualify\", $$ jsonb $$ as a -- on conflict\n"
        ", 1 as json /* distinct on ( /* x */ */, 2 as uuid, 3 as filter"
    ) == [["returning; qualify", " jsonb ", 1, 2, 3]]


def test_settings_can_be_shown(session: Session) -> None:
    """Also before they are set."""
    assert session.run("show query_group") == [["default"]]


def test_the_catalog_is_redshifts(session: Session) -> None:
    """Views that drivers and tools look at."""
    session.run("create table {t} (a int not null, b varchar(5))")
    assert session.run(
        "select column_name, data_type from svv_all_columns where table_name = '{t}'"
    ) == [
        ["a", "integer"],
        ["b", "character varying"],
    ]
    assert session.run("select table_type from svv_all_tables where table_name = '{t}'") == [
        ["TABLE"]
    ]
    assert session.run(
        'select "column", "notnull" from pg_table_def where tablename = \'{t}\''
    ) == [
        ["a", True],
        ["b", False],
    ]


def test_users_see_what_they_are_granted(session: Session, connect: Callable[..., Any]) -> None:
    """Whoever logs in is a user of their own; the admin reads everything."""
    other = connect(user="somebody")
    cursor = other.cursor()
    session.run("create table {t} (a int)")
    session.connection.commit()
    with pytest.raises(Exception, match="permission denied"):
        cursor.execute(f"select * from {session.table}")  # noqa: S608 - the test's own table
    other.rollback()
    session.run("grant select on {t} to somebody")
    session.connection.commit()
    cursor.execute(f"select * from {session.table}")  # noqa: S608
    assert cursor.fetchall() == ()


def test_an_unknown_database_is_refused(connect: Callable[..., Any]) -> None:
    """In the server's words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the driver forgets its socket
        with pytest.raises(Exception, match='database "nowhere" does not exist'):
            connect(database="nowhere")
        gc.collect()
