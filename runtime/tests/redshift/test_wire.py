"""The binary form of Redshift's protocol 2, which PostgreSQL does not speak."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from decimal import Decimal
from typing import IO, TYPE_CHECKING, cast

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import batcat_runtime as bc
from batcat_runtime.redshift import rows as decoding
from batcat_runtime.redshift import wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Cell = bytes | None
Column = tuple[str, int, int]  # name, number of the type, modifier


def message(kind: bytes, body: bytes = b"") -> bytes:
    """A message of the protocol."""
    return kind + struct.pack("!I", len(body) + 4) + body


def described(columns: Sequence[Column]) -> bytes:
    """A RowDescription with the metadata that protocol 1 and 2 add."""
    body = struct.pack("!h", len(columns))
    for name, number, modifier in columns:
        body += name.encode() + b"\0" + struct.pack("!ihihih", 0, 0, number, -1, modifier, 0)
        body += b"schema\0table\0column\0catalog\0" + struct.pack("!h", 1)
    return message(b"T", body)


def row(cells: Sequence[Cell]) -> bytes:
    """A DataRow."""
    body = struct.pack("!h", len(cells))
    for cell in cells:
        body += struct.pack("!i", -1) if cell is None else struct.pack("!i", len(cell)) + cell
    return message(b"D", body)


class Server:
    """Speaks Redshift's protocol 2: one result for every query, but for its process id.

    Args:
        columns: of the result.
        rows: of the result.
    """

    def __init__(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        self._result = (columns, rows)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        with suppress(OSError, EOFError):
            client, _ = self._listener.accept()
            with client, client.makefile("rwb") as file:
                file.read(struct.unpack("!I", file.read(4))[0] - 4)
                said = b"server_protocol_version\0002\0"
                file.write(message(b"R", bytes(4)) + message(b"S", said) + message(b"Z", b"I"))
                self._answer(cast("IO[bytes]", file))

    def _answer(self, file: IO[bytes]) -> None:
        columns, rows = self._result
        query, kind = b"", b""
        while kind != b"X":
            file.flush()
            kind = file.read(1) or b"X"
            body = file.read(struct.unpack("!I", file.read(4) or b"\0\0\0\4")[0] - 4) or b""
            own = b"pg_backend_pid" in query
            if kind == b"P":
                query = body
                file.write(message(b"1"))
            elif kind == b"D":
                file.write(message(b"t", bytes(2)))
                none = query.startswith(b"\0begin")
                shown = [("varchar", 1043, -1)] if own else columns
                file.write(message(b"n") if none else described(shown))
            elif kind == b"B":
                file.write(message(b"2"))
            elif kind == b"E":
                found = [[b"7"]] if own else rows
                begun = query.startswith(b"\0begin")
                file.write(b"" if begun else b"".join(map(row, found)))
                file.write(message(b"C", b"BEGIN\0" if begun else b"SELECT %d\0" % len(found)))
            elif kind == b"S":
                file.write(message(b"Z", b"T"))


WIDE = 10**37 + 1
PACKED = [
    ((12_345).to_bytes(8, "big", signed=True), WIDE.to_bytes(16, "big", signed=True), b"ff00"),
    ((-1).to_bytes(8, "big", signed=True), (-WIDE).to_bytes(16, "big", signed=True), b""),
    (None, None, None),
]


@pytest.fixture
def server() -> Iterator[Server]:
    """With decimals of both widths, and a varbyte."""
    modifier = (38 << 16 | 10) + 4
    made = Server([("d", 1700, (10 << 16 | 2) + 4), ("w", 1700, modifier), ("b", 6551, 36)], PACKED)
    yield made
    made.close()


def test_packed_decimals_keep_all_digits(server: Server) -> None:
    """38 of them; Python's own default would round to 28."""
    frame = bc.read_data_from_redshift("select 1", "127.0.0.1", "x", server.port)
    assert frame["d"].to_list() == [Decimal("123.45"), Decimal("-0.01"), None]
    wide = Decimal("1000000000000000000000000000.0000000001")
    assert frame["w"].to_list() == [wide, wide.copy_negate(), None]
    assert frame["b"].to_list() == [b"\xff\x00", b"", None]


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
            st.none() | st.integers(-(2**15), 2**15 - 1),
        ),
        max_size=8,
    )
)
def test_cells_are_found_whatever_lies_between(
    rows: list[tuple[int | None, str | None, int | None]],
) -> None:
    """NULL, empty and long cells before, between and behind."""
    columns = [("a", 20, -1), ("b", 1043, -1), ("c", 21, -1)]
    found = wire.fields(
        [{"label": name.encode(), "type_oid": n, "type_modifier": m} for name, n, m in columns],
        packed=False,
    )
    messages = [
        row(
            [
                None if a is None else struct.pack("!q", a),
                None if b is None else b.encode(),
                None if c is None else struct.pack("!h", c),
            ]
        )[5:]
        for a, b, c in rows
    ]
    frame = decoding.frame(found, messages)
    read = [[None if value is pd.NA else value for value in one] for one in frame.to_numpy()]
    assert read == [list(one) for one in rows]
    assert [str(one) for one in frame.dtypes] == ["Int64", "string", "Int16"]
