"""The proxy itself: protocols, cancellation, a clean stop."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import LocalAws
from batcat_runtime.emulator.redshift_wire import messages as wire
from batcat_runtime.emulator.redshift_wire.protocol import Connection, PostgresFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runtime.tests.emulator.redshift.conftest import Session


@pytest.fixture
def plain(endpoint: dict[str, Any]) -> Iterator[Connection]:
    """A client that speaks the simple protocol."""
    sock = socket.create_connection((endpoint["Address"], endpoint["Port"]), timeout=60)
    sock.sendall(struct.pack("!II", 8, wire.SSL_REQUEST))
    assert sock.recv(1) == b"N"
    body = struct.pack("!I", wire.VERSION) + wire.strings(
        *("user", "awsuser", "database", "dev", "driver_version", "mine 1.0", "os_version", "any")
    )
    sock.sendall(struct.pack("!I", len(body) + 5) + body + b"\0")
    connection = Connection(sock)
    while (found := connection.next())[0] != b"Z":
        if found[0] == b"K":
            connection.key = struct.unpack("!II", found[1])
        if found[1].startswith(b"server_version\0"):
            assert found[1] == b"server_version\x008.0.2\0"
    yield connection
    connection.close()


def test_the_simple_protocol_is_served(plain: Connection, session: Session) -> None:
    """COPY and UNLOAD as well; Redshift's own notice tells the count."""
    plain.query(f"create table {session.table} (a int); insert into {session.table} values (1)")  # noqa: S608
    place = session.put("in/1.csv", "2\n3\n")
    (loaded,) = plain.query(f"copy {session.table} from '{place}' iam_role default csv")
    assert loaded.tag == "COPY"
    assert loaded.notices[0]["M"] == (
        f"Load into table '{session.table}' completed, 2 record(s) loaded successfully."
    )
    assert plain.query(f"select count(*) from {session.table}")[0].rows == [["3"]]  # noqa: S608
    with pytest.raises(PostgresFault, match="UNLOAD needs an authorization"):
        plain.query(f"unload ('select 1') to '{session.store.uri('x/')}'")
    assert plain.query("select 1")[0].rows == [["1"]]


def test_messages_may_be_sent_before_answers_are_read(plain: Connection, session: Session) -> None:
    """Several statements in one go, one of them carried out by the proxy, answered in order."""
    place = session.put("in/1.csv", "2\n3\n")
    texts = [
        f"create temp table {session.table} (a int)",
        f"copy {session.table} from '{place}' iam_role default csv",
        f"select count(*) from {session.table}",  # noqa: S608
    ]
    data = b""
    for text in texts:
        data += wire.message(b"P", wire.strings("", text) + b"\0\0")
        data += wire.message(b"B", b"\0\0\0\0\0\0\0\0")
        data += wire.message(b"E", b"\0\0\0\0\0")
    plain.socket.sendall(data + wire.message(b"S"))
    kinds = []
    while (found := plain.next())[0] != b"Z":
        kinds.append(found[0])
    assert b"".join(kinds) == b"12C" + b"12NC" + b"12DC"


def test_after_an_error_messages_are_skipped_up_to_sync(plain: Connection) -> None:
    """Also when the error is the proxy's own."""
    data = b""
    for text in ("copy x from 's3://nowhere/' csv", "select 1"):
        data += wire.message(b"P", wire.strings("", text) + b"\0\0")
        data += wire.message(b"B", b"\0\0\0\0\0\0\0\0")
        data += wire.message(b"E", b"\0\0\0\0\0")
    plain.socket.sendall(data + wire.message(b"S"))
    kinds = []
    while (found := plain.next())[0] != b"Z":
        kinds.append(found[0])
    assert b"".join(kinds) == b"12E"


def test_a_query_can_be_cancelled(plain: Connection, endpoint: dict[str, Any]) -> None:
    """Through a connection of its own, with the key from the startup."""

    def cancel() -> None:
        with socket.create_connection((endpoint["Address"], endpoint["Port"])) as sock:
            sock.sendall(struct.pack("!IIII", 16, wire.CANCEL_REQUEST, *plain.key))
            sock.recv(1)

    timer = threading.Timer(0.3, cancel)
    timer.start()
    with pytest.raises(PostgresFault) as caught:
        plain.query("select pg_sleep(60)")
    timer.join()
    assert caught.value.code == "57014"


def test_large_results_pass_whole(session: Session) -> None:
    """Larger than any buffer."""
    rows = session.run("select n, repeat('x', 100) from generate_series(1, 50000) t(n)")
    assert len(rows) == 50_000
    assert rows[-1] == [50_000, "x" * 100]


def test_many_clients_at_once(connect: Callable[..., Any], session: Session) -> None:
    """Each with a transaction of its own."""
    session.run("create table {t} (a int)")
    session.connection.commit()
    connections = [connect() for _ in range(8)]

    def insert(number: int) -> None:
        cursor = connections[number].cursor()
        for value in range(20):
            cursor.execute(f"insert into {session.table} values (%s)", (value,))  # noqa: S608
        connections[number].commit()

    threads = [threading.Thread(target=insert, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.connection.rollback()
    assert session.run("select count(*) from {t}") == [[160]]


def test_the_warehouse_ends_also_when_its_server_is_killed(
    until: Callable[[Callable[[], Any], str], Any],
) -> None:
    """It does not wait for ever for a server that is no more."""
    with LocalAws() as aws:
        aws.client("redshift").describe_clusters(ClusterIdentifier="any")
        children = subprocess.check_output(["ps", "-eo", "pid,ppid,comm"], text=True)  # noqa: S607
        (postgres,) = (
            int(pid)
            for pid, parent, program in (line.split(maxsplit=2) for line in children.splitlines())
            if parent == str(aws.pid) and program == "postgres"
        )
        os.kill(aws.pid, signal.SIGKILL)

        def is_gone() -> bool:
            try:
                os.kill(postgres, 0)
            except ProcessLookupError:
                return True
            return False

        until(is_gone, "PostgreSQL to end")


def test_the_end_of_the_local_aws_is_the_end_of_its_warehouse() -> None:
    """No process and no folder is left, also while a client is connected."""
    import redshift_connector

    with LocalAws() as aws:
        found = aws.client("redshift-serverless").get_workgroup(workgroupName="any")
        place = found["workgroup"]["endpoint"]
        connection = redshift_connector.connect(
            host=place["address"], port=place["port"], user="u", password="p", database="dev",
            ssl=False,
        )  # fmt: skip
        cursor = connection.cursor()
        cursor.execute("select pg_backend_pid()")
        ((pid,),) = cursor.fetchall()
        server = int(subprocess.check_output(["ps", "-o", "ppid=", "-p", str(pid)]))  # noqa: S607
        (folder,) = (
            found.parent.parent
            for found in Path(tempfile.gettempdir()).glob("batcat-pg-*/data/postmaster.pid")
            if int(found.read_text().split()[0]) == server
        )
    for process in (pid, server):
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    assert not folder.exists()
    connection._usock.close()  # noqa: SLF001 - the server is gone
