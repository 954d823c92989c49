"""What goes wrong while a result is read: an error, never fewer rows, and nothing left running."""

from __future__ import annotations

import inspect
import signal
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import batcat_runtime as bc
from batcat_runtime.redshift import connecting

from .relay import CutError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Redshift


def test_a_query_that_never_ends_is_cancelled_at_its_limit(redshift: Redshift) -> None:
    """On the server, too."""
    with pytest.raises(bc.ExecutionError, match=r"longer than timeout=0\.3 s"):
        redshift.read("select pg_sleep(600)", timeout=0.3)
    assert running(redshift) == 0


@pytest.mark.parametrize(("said", "limit"), [({}, "30min"), ({"timeout": None}, "0")])
def test_a_query_has_the_limit_of_athena_unless_said_otherwise(
    redshift: Redshift, said: dict[str, Any], limit: str
) -> None:
    """The server itself keeps it."""
    frame = redshift.read("select current_setting('statement_timeout') as limit", **said)
    assert frame["limit"].to_list() == [limit]


def test_all_functions_that_wait_have_one_limit() -> None:
    """By default."""
    functions = (
        bc.read_data_from_athena,
        bc.read_data_from_redshift,
        bc.read_data_from_redshift_by_secret,
        bc.save_df_to_redshift,
        bc.read_data_from_bd,
    )
    limits = [inspect.signature(one).parameters["timeout"].default for one in functions]
    assert limits == [1800] * len(functions)


def test_a_server_that_falls_silent_is_given_up(
    redshift: Redshift, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it does not even say that its limit has passed; the query is cancelled."""
    monkeypatch.setattr(connecting, "_GRACE", 0)
    silence = threading.Event()

    def down(kind: bytes, _: bytes) -> None:
        if kind == b"E" and not silence.is_set():  # the error that says so is held back
            silence.wait(30)

    redshift.relay.down = down
    with pytest.raises(bc.AccessError, match="no answer within the limit"):
        redshift.read("select pg_sleep(600)", timeout=0.5)
    silence.set()
    assert running(redshift) == 0


def running(redshift: Redshift) -> int:
    """How many statements sleep on the server."""
    found = redshift.read(
        "select count(*) as n from pg_stat_activity where query like '%pg_sleep(600)%' "
        "and state = 'active' and pid <> pg_backend_pid()"
    )
    return int(found["n"][0])


def test_ctrl_c_cancels_on_the_server(redshift: Redshift) -> None:
    """Nothing goes on that nobody waits for."""
    asked: list[bytes] = []

    def up(kind: bytes, body: bytes) -> None:
        if kind == b"P":
            asked.append(body)
        elif kind == b"E" and b"pg_sleep(600)" in asked[-1]:  # the statement runs
            main = threading.main_thread().ident
            assert main is not None
            threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT)).start()

    redshift.relay.up = up
    with pytest.raises(KeyboardInterrupt):
        redshift.read("select pg_sleep(600)")
    redshift.relay.up = lambda *_: None
    deadline = time.monotonic() + 20
    while running(redshift) and time.monotonic() < deadline:
        pass
    assert running(redshift) == 0


def test_a_query_that_somebody_cancels_says_so(redshift: Redshift) -> None:
    """It is an error, never an empty result."""
    begun = threading.Event()

    def up(kind: bytes, body: bytes) -> None:
        if kind == b"P" and b"pg_sleep(600)" in body:
            begun.set()

    def cancel() -> None:
        begun.wait(20)
        while running(redshift) == 0:
            pass
        redshift.run(
            "select pg_cancel_backend(pid) from pg_stat_activity "
            "where query = 'select pg_sleep(600)'"
        )

    redshift.relay.up = up
    other = threading.Thread(target=cancel)
    other.start()
    with pytest.raises(bc.ExecutionError, match="cancel"):
        redshift.read("select pg_sleep(600)")
    other.join()


# One whole row whose end looks like the head of the message that ends an answer: the driver alone
# takes what came so far for all there is.
CUTS: dict[str, Callable[[bytes], bytes]] = {
    "between rows": lambda _: b"",
    "in the head": lambda _: b"D\x00\x00",
    "in a row": lambda row: b"D" + struct.pack("!I", len(row) + 4) + row[:40],
    "where it looks like the end": lambda row: b"D" + struct.pack("!I", len(row) + 4) + row[:70],
}


@pytest.mark.parametrize("where", CUTS)
def test_a_connection_cut_in_the_middle_of_a_result_is_an_error(
    redshift: Redshift, where: str
) -> None:
    """Never a result with fewer rows."""
    rows = 0

    def down(kind: bytes, body: bytes) -> None:
        nonlocal rows
        rows += kind == b"D" and b"ZZZZ" in body
        if rows == 5:
            raise CutError(CUTS[where](body))

    redshift.relay.down = down
    with pytest.raises(bc.AccessError, match="cannot read from redshift://"):
        redshift.read("select repeat('Z', 200) as z from generate_series(1, 10)")


def test_the_driver_alone_takes_half_a_result_for_whole(redshift: Redshift) -> None:
    """Why answers are counted here; when this fails, the driver has been mended."""
    import redshift_connector

    def down(kind: bytes, body: bytes) -> None:
        if kind == b"D":
            raise CutError(CUTS["where it looks like the end"](body))

    with redshift_connector.connect(**redshift.login, ssl=False) as connection:
        redshift.relay.down = down
        cursor = connection.cursor()
        connection.autocommit = True
        cursor.execute("select repeat('Z', 200) as z", merge_socket_read=True)
        assert cursor.fetchall()[0][0] != "Z" * 200
