"""The server that the tests of this folder ask.

It is mysql-mimic, another's implementation of MySQL's wire protocol, with DuckDB behind it; and a
real server as well when BATCAT_TEST_MYSQL names an empty database there:
``host:port:user:password:database``.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from mysql_mimic import (  # type: ignore[import-untyped]
    MysqlServer,
)
from runtime.tests.mysql.mimic import REAL, Server, Session, Users, create, end

import batcat_runtime as bc

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", params=["mimic", *(["real"] if REAL else [])])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with a table that holds everything, NULL, and everything again."""
    if request.param == "real":
        host, port, user, password, database = str(REAL).split(":")
        found = Server((host, user, int(port), database, password), real=True)
        create(found)
        yield found
        bc.read_data_from_bd("drop table everything", *found.login)
        return
    loop = asyncio.new_event_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        mimic = MysqlServer(session_factory=Session, identity_provider=Users())
        loop.run_until_complete(mimic.start_server(sock=listening, port=None))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        port = listening.getsockname()[1]
        found = Server(("127.0.0.1", "ada", port, "main", "secret"), real=False)
        create(found)
        yield found
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(end(mimic))
        loop.close()
