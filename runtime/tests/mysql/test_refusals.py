"""What goes wrong with a server, a login or a query is said, and no password with it."""

from __future__ import annotations

import io
import json
import signal
import socket
import subprocess
import sys
import threading
import traceback
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
import rich.console
import rich.traceback
from runtime.tests.mysql.mimic import PASSWORDS, RUNNING, Server

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.mysql import cells


def test_a_wrong_password_is_not_shown(server: Server) -> None:
    """The error says who, and where."""
    host, user, port, database, _ = server.login
    expected = rf"cannot connect to MySQL at .*:{port}, database .* as '{user}': .*\(1045\); check"
    with pytest.raises(bc.AccessError, match=expected) as caught:
        bc.read_data_from_bd("select 1", host, user, port, database, "wrong hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("kept", ["secret", "text"])
@pytest.mark.parametrize("refused", ["login", "query"])
def test_a_password_is_in_no_traceback(
    server: Server,
    s3_environment: None,  # noqa: ARG001 - it sets the environment
    monkeypatch: pytest.MonkeyPatch,
    kept: str,
    refused: str,
) -> None:
    """With all local variables of the driver, wherever the password comes from."""
    host, user, port, database, _ = server.login
    password = "hunter2" * 20
    if refused == "query" and not server.real:
        monkeypatch.setitem(PASSWORDS, "grace", password)
        user = "grace"
    if kept == "secret":
        secrets_manager, name = client("secretsmanager", "us-east-1"), f"batcat/{uuid.uuid4().hex}"
        secrets_manager.create_secret(Name=name, SecretString=json.dumps({"password": password}))
        password = bc.get_secret(name, "us-east-1")["password"]
    with pytest.raises((bc.AccessError, bc.ExecutionError)) as caught:
        bc.read_data_from_bd("select * from nobody", host, user, port, database, password)
    error = caught.value
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    plain = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    console = rich.console.Console(file=io.StringIO(), width=200, record=True)
    console.print(
        rich.traceback.Traceback.from_exception(type(error), error, trace, show_locals=True)
    )
    for told in ("".join(plain.format()), console.export_text()):
        assert "pymysql" in told
        assert "hunter2" not in told


def test_a_rotated_password_is_fetched_anew(
    server: Server,
    s3_environment: None,  # noqa: ARG001 - it sets the environment
) -> None:
    """The caller's is the old one."""
    host, user, port, database, password = server.login
    secrets_manager, name = client("secretsmanager", "us-east-1"), f"batcat/{uuid.uuid4().hex}"
    secrets_manager.create_secret(Name=name, SecretString=json.dumps({"password": "old"}))
    known = bc.get_secret(name, "us-east-1")["password"]
    with pytest.raises(bc.AccessError):
        bc.read_data_from_bd("select 1", host, user, port, database, known)
    secrets_manager.put_secret_value(SecretId=name, SecretString=json.dumps({"password": password}))
    found = bc.read_data_from_bd("select 1 as one", host, user, port, database, known)
    assert found["one"].tolist() == [1]


def test_a_query_that_fails_is_explained(server: Server) -> None:
    """In the server's words."""
    with pytest.raises(bc.ExecutionError, match=r"the query on MySQL at .* failed: .*nobody"):
        bc.read_data_from_bd("select * from nobody", *server.login)


def test_a_server_that_is_not_there_is_named() -> None:
    """With what to check."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(bc.AccessError, match=rf"127\.0\.0\.1:{port}, .*check host, port and"):
        bc.read_data_from_bd("select 1", "127.0.0.1", "ada", port, "main", "secret")


def sleeping(server: Server) -> bool:
    """Whether the server is at work on a query that sleeps."""
    if not server.real:
        return "sleep" in RUNNING
    found = bc.read_data_from_bd("show full processlist", *server.login)
    return any("sleep(60)" in str(query) for query in found["Info"])


def test_a_query_that_takes_too_long_is_cancelled(server: Server) -> None:
    """On the server, too."""
    with pytest.raises(bc.ExecutionError, match=r"no answer within 0\.5 s, so it is cancelled"):
        bc.read_data_from_bd("select sleep(60), n from everything", *server.login, timeout=0.5)
    until(lambda: not sleeping(server))


def test_ctrl_c_cancels_the_query(server: Server) -> None:
    """In a process of its own, with a real signal."""
    call = f"bc.read_data_from_bd('select sleep(60), n from everything', *{server.login!r})"  # noqa: S608
    with subprocess.Popen(
        [sys.executable, "-c", f"import batcat_runtime as bc; {call}"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: sleeping(server))
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in error
    until(lambda: not sleeping(server))


def until(condition: Any) -> None:
    """Look again and again, for ten seconds at most."""
    looked = threading.Event()
    for _ in range(200):
        if condition():
            return
        looked.wait(0.05)
    raise AssertionError("it did not happen")


def test_arguments_that_are_none_are_refused(tmp_path: Any) -> None:
    """Before anything is sent: nobody listens there."""
    for wrong in (0, "60"):
        with pytest.raises(bc.ConfigError, match=f"timeout is {wrong!r}; give seconds"):
            bc.read_data_from_bd("select 1", "127.0.0.1", "a", 1, "b", "c", timeout=wrong)  # type: ignore[arg-type]
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")
    with pytest.raises(bc.ConfigError, match=r"ca=.*ca\.pem' cannot be read as certificates"):
        bc.read_data_from_bd("select 1", "127.0.0.1", "a", 1, "b", "c", ca=str(tmp_path / "ca.pem"))


def test_a_server_that_cannot_be_checked_is_refused(server: Server) -> None:
    """Where the caller says whose certificate it must have; neither of these has one."""
    import ssl

    known = ssl.get_default_verify_paths().cafile or ssl.get_default_verify_paths().openssl_cafile
    with pytest.raises(bc.AccessError, match="offers no encryption; leave ca out"):
        bc.read_data_from_bd("select 1", *server.login, ca=known)


def test_a_zero_date_is_refused() -> None:
    """MySQL may hold one, and no calendar does."""
    field = SimpleNamespace(name="day", type_code=10, flags=0, scale=0, charsetnr=63)
    expected = r"column 'day', row 1: '0000-00-00' is no date; .* NULLIF\(day, '0000-00-00'\)"
    with pytest.raises(bc.DataError, match=expected):
        cells.column_of(field, ["2020-01-01", "0000-00-00", None])
