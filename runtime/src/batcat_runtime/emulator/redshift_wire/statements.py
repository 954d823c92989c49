"""COPY and UNLOAD as Redshift writes them, read into what they ask for.

Source: Amazon Redshift Database Developer Guide, "COPY", "Data format parameters", "Data conversion
parameters", "Data load operations" and "UNLOAD".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import NotEmulatedError
from .words import Word, closing, named, words

if TYPE_CHECKING:
    from collections.abc import Sequence

CREDENTIALS = ("CREDENTIALS", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
_AUTHORIZATION = {"IAM_ROLE", *CREDENTIALS}
FLAGS = {
    "copy": named("""
        EMPTYASNULL BLANKSASNULL GZIP BZIP2 MANIFEST TRUNCATECOLUMNS FILLRECORD IGNOREBLANKLINES
        ESCAPE TRIMBLANKS
    """),
    "unload": named("MANIFEST HEADER ADDQUOTES ESCAPE GZIP ALLOWOVERWRITE CLEANPATH ENCRYPTED"),
}
VALUES = {
    "copy": _AUTHORIZATION
    | named("""
        REGION DELIMITER QUOTE NULL IGNOREHEADER MAXERROR DATEFORMAT TIMEFORMAT STATUPDATE
        COMPUPDATE ENCODING
    """),
    "unload": _AUTHORIZATION
    | named("""
        REGION DELIMITER NULL PARALLEL MAXFILESIZE ROWGROUPSIZE KMS_KEY_ID EXTENSION
    """),
}
"""What is carried out. Without effect are those that change nothing about the rows: statistics,
encodings of columns, sizes and encryption of files, and the region of a bucket, which is here."""

WITH_PARQUET = {
    "copy": _AUTHORIZATION | {"MANIFEST", "STATUPDATE"},
    "unload": (VALUES["unload"] | FLAGS["unload"])
    - {"HEADER", "ADDQUOTES", "ESCAPE", "GZIP", "DELIMITER", "NULL"},
}
"""Source: "COPY from columnar data formats", "UNLOAD"."""

FORMATS = ("CSV", "PARQUET", "JSON", "AVRO", "ORC", "FIXEDWIDTH", "SHAPEFILE")


class StatementError(Exception):
    """A COPY or UNLOAD that Redshift would not take either."""


@dataclass
class Order:
    """A COPY or UNLOAD.

    Attributes:
        kind: copy or unload.
        place: the ``s3://`` address.
        table: the table's name as written, for PostgreSQL; empty for an UNLOAD.
        columns: names of the columns as written.
        query: the query of an UNLOAD.
        format: CSV, PARQUET or TEXT.
        options: name in capital letters to its value; True for a flag.
        keys: columns of PARTITION BY.
    """

    kind: str
    place: str
    table: str = ""
    columns: list[str] = field(default_factory=list)
    query: str = ""
    format: str = "TEXT"
    options: dict[str, Any] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)

    def flag(self, name: str) -> bool:
        """Whether a flag is set."""
        return bool(self.options.get(name))

    def text(self, name: str, default: str) -> str:
        """The value of an option."""
        return str(self.options.get(name, default))

    def number(self, name: str) -> int:
        """The value of an option that counts; 0 by default."""
        return int(self.options.get(name, 0))


def order_of(sql: str) -> Order | None:
    """What a COPY from S3 or an UNLOAD asks for; None for any other statement.

    Raises:
        StatementError: it cannot be read.
        NotEmulatedError: it asks for what is not emulated.
    """
    parts = [part for part in words(sql) if part.kind != "SEMICOLON"]
    first = parts[0].upper if parts else ""
    if first == "UNLOAD" and len(parts) > 1 and parts[1].kind == "L_PAREN":
        return _unload(parts)
    if first != "COPY":
        return None
    place = next((n for n, part in enumerate(parts) if part.upper == "FROM"), None)
    if place is None or place + 1 >= len(parts) or not parts[place + 1].is_text:
        return None  # FROM STDIN
    return _copy(sql, parts, place)


def _copy(sql: str, parts: Sequence[Word], place: int) -> Order:
    address = parts[place + 1].text
    if not address.startswith("s3://"):
        raise NotEmulatedError(f"COPY FROM '{address}'", "S3 is.")
    opened = next((n for n in range(place) if parts[n].kind == "L_PAREN"), place)
    order = Order("copy", address, table=sql[parts[1].start : parts[opened - 1].end])
    if opened < place:
        order.columns = [
            sql[part.start : part.end] for part in parts[opened + 1 : place - 1]
            if part.kind != "COMMA"
        ]  # fmt: skip
    _options(order, parts, place + 2)
    return order


def _unload(parts: Sequence[Word]) -> Order:
    end = closing(parts, 1)
    if end != 3 or not parts[2].is_text:  # noqa: PLR2004 - UNLOAD ( 'query' )
        raise StatementError("UNLOAD needs a query in quotation marks, in brackets")
    if len(parts) < end + 3 or parts[end + 1].upper != "TO" or not parts[end + 2].is_text:
        raise StatementError("UNLOAD needs TO 's3://…'")
    order = Order("unload", parts[end + 2].text, query=parts[2].text.strip().rstrip(";"))
    if not order.place.startswith("s3://"):
        raise StatementError(f"UNLOAD destination is not supported: {order.place}")
    _options(order, parts, end + 3)
    return order


def _options(order: Order, parts: Sequence[Word], place: int) -> None:
    while place < len(parts):
        place = _option(order, parts, place)
        if order.format not in ("CSV", "PARQUET", "TEXT"):
            what = f"{order.kind.upper()} FORMAT {order.format}"
            raise NotEmulatedError(what, "CSV, PARQUET and delimited text are.")
    if order.format == "PARQUET":
        for name in sorted(set(order.options) - WITH_PARQUET[order.kind]):
            verb = order.kind.upper()
            raise StatementError(f"{name} argument is not supported for PARQUET based {verb}")
    if order.text("ENCODING", "UTF8").upper() not in ("UTF8", "UTF-8"):
        raise NotEmulatedError(f"ENCODING {order.options['ENCODING']}")
    for name in ("DATEFORMAT", "TIMEFORMAT"):
        if order.text(name, "auto").lower() != "auto":
            raise NotEmulatedError(f"{name} '{order.options[name]}'", "'auto' is.")


def _option(order: Order, parts: Sequence[Word], place: int) -> int:
    """Note one option; the place after it."""
    word, follows = parts[place].upper, place + 1
    if follows < len(parts) and parts[follows].upper == "AS":
        follows += 1
    if word == "FORMAT" and follows < len(parts):
        order.format = parts[follows].text.upper()
        return follows + 1
    if word in FORMATS:
        order.format = word
    elif word in FLAGS[order.kind]:
        order.options[word] = True
    elif word == "PARTITION" and order.kind == "unload":
        return _partition(order, parts, place)
    elif word in VALUES[order.kind]:
        return _value(order, parts, place, follows)
    else:
        raise NotEmulatedError(f"{order.kind.upper()} option {parts[place].text}")
    return place + 1


def _value(order: Order, parts: Sequence[Word], place: int, follows: int) -> int:
    name = parts[place].upper
    if follows >= len(parts):
        raise StatementError(f"{name} needs a value")
    value = parts[follows]
    optional = name in ("STATUPDATE", "COMPUPDATE")
    if optional and value.upper not in ("ON", "OFF", "TRUE", "FALSE", "PRESET"):
        order.options[name] = True
        return place + 1
    order.options[name] = value.text
    if (
        name == "MAXFILESIZE"
        and follows + 1 < len(parts)
        and parts[follows + 1].upper in ("MB", "GB")
    ):
        follows += 1
    return follows + 1


def _partition(order: Order, parts: Sequence[Word], place: int) -> int:
    opened = next((n for n in range(place, len(parts)) if parts[n].kind == "L_PAREN"), place)
    end = closing(parts, opened)
    order.keys = [part.text for part in parts[opened + 1 : end] if part.kind != "COMMA"]
    if end + 1 < len(parts) and parts[end + 1].upper == "INCLUDE":
        raise NotEmulatedError("UNLOAD PARTITION BY … INCLUDE")
    return end + 1
