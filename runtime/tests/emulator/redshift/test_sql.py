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
    ("(select median(x) from (select 1 as x union all select 2) t)", 1.5),
    ("(select listagg(x, ',') within group (order by x desc) from (values ('a'), ('b')) t(x))",
     "b,a"),
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
          note text, code char(3) unique, kind varbyte(10), body super,
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
    long = "y" * 257
    assert session.error(f"insert into {{t}} (note) values ('{long}')")["C"] == "22001"  # noqa: S608


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
    ],
)
def test_what_is_not_emulated_is_refused_by_name(session: Session, sql: str, named: str) -> None:
    """With an error of the server's."""
    error = session.error(sql)
    assert error["C"] == "0A000"
    assert named in error["M"]
    assert "not emulated by batcat local" in error["M"]


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
