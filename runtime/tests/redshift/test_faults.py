"""What goes wrong while rows are written: all of them are there in the end, or none."""

from __future__ import annotations

import signal
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import batcat_runtime as bc

from .conftest import left
from .relay import CutError

if TYPE_CHECKING:
    from .conftest import Redshift


@pytest.mark.parametrize("chunksize", [None, 10])
def test_a_failure_leaves_the_old_table(redshift: Redshift, chunksize: int | None) -> None:
    """Replacing is one transaction: the server refuses the last row, and nothing has happened."""
    redshift.run(
        f"create table {redshift.table} (a int not null)",
        f"insert into {redshift.table} values (1)",  # noqa: S608 - the test's own
    )
    frame = pd.DataFrame({"a": pd.array([*range(95), None], "Int32")})
    with pytest.raises(bc.DataError, match="violates not-null"):
        redshift.save(frame, index=False, if_exists="delete_rows", chunksize=chunksize)
    assert redshift.rows()["a"].to_list() == [1]


@pytest.mark.parametrize("way", ["append", "replace", "copy"])
@pytest.mark.parametrize("side", ["up", "down"])
def test_a_connection_cut_anywhere_writes_all_rows_or_none(
    redshift: Redshift, staging: dict[str, str], way: str, side: str
) -> None:
    """At each message of either side (COPY: each third); what the caller is told is true."""
    new = pd.DataFrame({"a": [1, 2, 3]})
    options = staging if way == "copy" else {}
    if_exists = "append" if way == "append" else "replace"
    whole = [0, 1, 2, 3] if way == "append" else [1, 2, 3]
    rows = [0]
    for place in range(0, 1000, 3 if way == "copy" else 1):
        if not place or rows != [0]:
            old = pd.DataFrame({"a": [0]})
            redshift.save(old, index=False, if_exists="replace", method="multi")
        reached = cut_at(redshift, side, place)
        told = ""
        try:
            redshift.save(new, index=False, if_exists=if_exists, **options)
        except bc.AccessError as error:
            told = str(error)
        setattr(redshift.relay, side, lambda *_: None)
        rows = redshift.rows()["a"].to_list()
        where = f"{side} {place}: {told}"
        if not told:
            assert rows == whole, where
        elif "cannot be told" in told:
            assert rows in (whole, [0]), where
        else:
            assert rows == [0], where
        if not reached.is_set():
            break
    assert place > 10
    assert left(staging) == []


def cut_at(redshift: Redshift, side: str, place: int) -> threading.Event:
    """Cut the connection at a message, once; tells whether it came."""
    reached, count = threading.Event(), 0

    def hook(*_: bytes) -> None:
        nonlocal count
        count += 1
        if count == place + 1:
            reached.set()
            raise CutError

    setattr(redshift.relay, side, hook)
    return reached


def test_a_connection_that_breaks_while_rows_go_writes_none(redshift: Redshift) -> None:
    """And the same call again writes each row once."""
    frame = pd.DataFrame({"a": range(3000)})
    binds = 0

    def up(kind: bytes, body: bytes) -> None:
        nonlocal binds
        binds += kind == b"B" and len(body) > 1000
        if binds == 2:
            redshift.relay.up = lambda *_: None
            raise CutError(kind)

    redshift.relay.up = up
    redshift.save(frame.iloc[:0], index=False)
    with pytest.raises(bc.AccessError, match=r"cannot write 3000 rows.*nothing was written"):
        redshift.save(frame, index=False, chunksize=500)
    assert len(redshift.rows()) == 0
    redshift.save(frame, index=False, chunksize=500)
    assert redshift.rows()["a"].to_list() == list(range(3000))


@pytest.mark.parametrize("done", [True, False])
def test_a_commit_whose_answer_is_lost_is_looked_up(redshift: Redshift, done: bool) -> None:
    """A new table tells whether it was done: either way each row is there once in the end."""
    cut_commit(redshift, done)
    frame = pd.DataFrame({"a": [1, 2]})
    if done:
        assert redshift.save(frame, index=False) == 2
    else:
        with pytest.raises(bc.AccessError, match="nothing was written"):
            redshift.save(frame, index=False)
        redshift.save(frame, index=False)
    assert redshift.rows()["a"].to_list() == [1, 2]


def test_a_commit_that_cannot_be_looked_up_says_so(redshift: Redshift) -> None:
    """Rows that were appended have no mark: whoever writes them again must count first."""
    redshift.save(pd.DataFrame({"a": [1]}), index=False)
    cut_commit(redshift, True)
    with pytest.raises(bc.AccessError, match=r"cannot be told.*may be there twice"):
        redshift.save(pd.DataFrame({"a": [2]}), index=False)
    assert redshift.rows()["a"].to_list() == [1, 2]


def cut_commit(redshift: Redshift, done: bool) -> None:
    """Cut the connection at the next commit: before it reaches the server, or after it is done."""
    relay = redshift.relay

    def up(kind: bytes, body: bytes) -> None:
        if kind == b"P" and b"\0commit\0" in body:
            relay.up = lambda *_: None
            if not done:
                raise CutError

    def down(kind: bytes, body: bytes) -> None:
        if kind == b"C" and body.startswith(b"COMMIT"):
            relay.down = lambda *_: None
            raise CutError

    relay.up, relay.down = up, down


def test_two_writers_at_once_both_write(redshift: Redshift) -> None:
    """Also when both are about to make the table."""
    both = threading.Barrier(2, timeout=20)
    waited = threading.local()

    def up(kind: bytes, body: bytes) -> None:
        if kind == b"P" and b"create table" in body and not getattr(waited, "done", False):
            waited.done = True
            both.wait()

    redshift.relay.up = up
    frames = [pd.DataFrame({"a": range(start, start + 3000)}) for start in (0, 3000)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda one: redshift.save(one, index=False), frames)) == [3000, 3000]
    assert redshift.rows()["a"].to_list() == list(range(6000))


def test_two_that_replace_leave_one_whole_table(redshift: Redshift) -> None:
    """The last one's, never a mixture."""
    redshift.save(pd.DataFrame({"a": [0]}), index=False)
    frames = [pd.DataFrame({"a": [number] * 3000}) for number in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: redshift.save(one, index=False, if_exists="replace"), frames))
    read = redshift.rows()["a"]
    assert len(read) == 3000
    assert (read == read[0]).all()


def test_a_statement_that_takes_too_long_is_cancelled(redshift: Redshift) -> None:
    """Here because another transaction holds the table; nothing is written."""
    import redshift_connector

    redshift.save(pd.DataFrame({"a": [0]}), index=False)
    with redshift_connector.connect(**redshift.login, ssl=False) as other:
        other.cursor().execute(f"lock table {redshift.table} in access exclusive mode")
        with pytest.raises(bc.ExecutionError, match="longer than timeout"):
            redshift.save(pd.DataFrame({"a": [1]}), index=False, timeout=0.3)
    assert redshift.rows()["a"].to_list() == [0]


def test_ctrl_c_writes_nothing_and_leaves_nothing_running(redshift: Redshift) -> None:
    """The server's statement is cancelled, its transaction rolled back."""
    import redshift_connector

    redshift.save(pd.DataFrame({"a": [0]}), index=False)
    main = threading.main_thread().ident
    assert main is not None

    def up(kind: bytes, body: bytes) -> None:
        if kind == b"P" and b"insert into" in body:  # it waits for the lock, and so does the caller
            threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT)).start()

    with redshift_connector.connect(**redshift.login, ssl=False) as other:
        other.cursor().execute(f"lock table {redshift.table} in exclusive mode")
        redshift.relay.up = up
        with pytest.raises(KeyboardInterrupt):
            redshift.save(pd.DataFrame({"a": [42]}), index=False)
        redshift.relay.up = lambda *_: None
        waiting = "select count(*) as n from pg_locks where not granted"
        deadline = time.monotonic() + 20
        while redshift.read(waiting)["n"][0] and time.monotonic() < deadline:
            pass
        assert redshift.read(waiting)["n"].to_list() == [0]
    assert redshift.rows()["a"].to_list() == [0]


def test_a_table_that_disappears_meanwhile_is_an_error(redshift: Redshift) -> None:
    """It is never made anew in silence."""
    redshift.save(pd.DataFrame({"a": [0]}), index=False)

    def up(kind: bytes, body: bytes) -> None:
        if kind == b"P" and b"where false" in body:
            redshift.relay.up = lambda *_: None
            redshift.run(f"drop table {redshift.table}")

    redshift.relay.up = up
    with pytest.raises(bc.MissingError, match="does not exist"):
        redshift.save(pd.DataFrame({"a": [1]}), index=False)
    with pytest.raises(bc.MissingError, match="does not exist"):
        redshift.rows()


@pytest.mark.parametrize("way", ["insert", "copy"])
@pytest.mark.parametrize("times", [2, 3])
def test_a_transaction_that_met_another_begins_anew(
    redshift: Redshift, staging: dict[str, str], way: str, times: int
) -> None:
    """Redshift says so in words; after three times it is an error, and nothing was written."""
    failures, asked = 0, ""
    words = b"SERROR\0CXX000\0MERROR:1023 Serializable isolation violation on table\0\0"

    def up(kind: bytes, body: bytes) -> None:
        nonlocal asked
        if kind == b"P":
            asked = body.split(b"\0")[1].decode()[:11]

    def down(kind: bytes, _: bytes) -> None:
        nonlocal failures
        mine = asked.startswith("copy" if way == "copy" else "insert into")
        if kind == b"C" and mine and failures < times:
            failures += 1
            raise CutError(b"E" + struct.pack("!I", len(words) + 4) + words + b"Z\0\0\0\5E")

    redshift.save(pd.DataFrame({"a": [0]}), index=False)
    redshift.relay.up, redshift.relay.down = up, down
    options = staging if way == "copy" else {}
    if times == 3:
        with pytest.raises(bc.ExecutionError, match="Serializable isolation"):
            redshift.save(pd.DataFrame({"a": [1]}), index=False, **options)
    else:
        assert redshift.save(pd.DataFrame({"a": [1]}), index=False, **options) == 1
    redshift.relay.up = redshift.relay.down = lambda *_: None
    assert redshift.rows()["a"].to_list() == ([0] if times == 3 else [0, 1])
    assert left(staging) == []
