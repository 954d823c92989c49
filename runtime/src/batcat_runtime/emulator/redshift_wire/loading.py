"""Rows of S3 objects as lines for PostgreSQL's COPY, and what is wrong with them.

Source: Amazon Redshift Database Developer Guide, "Load error reference" (codes and reasons),
"STL_LOAD_ERRORS", "Data conversion parameters" (NULL AS, EMPTYASNULL, FILLRECORD, MAXERROR).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .columns import (
    BOOL,
    BPCHAR,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    JSON,
    NAMES,
    NUMERIC,
    TIMESTAMP,
    TIMESTAMPTZ,
    Target,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from .statements import Order

ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_TO_ESCAPE = re.compile(r"[\\\t\n\r]")
_FOUND = re.compile(r'line (\d+)(?:,| for) column "?(.+?)"?: (?:"(.*)"|null input)$', re.DOTALL)
REASONS = {
    1202: "Extra column(s) found",
    1203: "Delimiter not found",
    1204: "String length exceeds DDL length",
    1205: "Invalid Date Format - length must be 10 or more",
    1206: "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]",
    1208: "Invalid float format",
    1209: "Invalid decimal format",
    1210: "Unknown boolean format",
    1213: "Missing data for not-null field",
    1222: "Overflow",
    1224: "Invalid JSON for SUPER",
}
"""Codes are those of the reference; most reasons are as quoted in public issue trackers."""

BY_TYPE = {
    DATE: 1205, TIMESTAMP: 1206, TIMESTAMPTZ: 1206, FLOAT4: 1208, FLOAT8: 1208, NUMERIC: 1209,
    BOOL: 1210, JSON: 1224,
}  # fmt: skip
INTEGERS = {INT2: "Short", INT4: "Integer", INT8: "Long"}
OVERFLOW = "22003"
"""SQLSTATE numeric_value_out_of_range (PostgreSQL documentation, "Error Codes")."""


@dataclass(frozen=True)
class Rejected:
    """A row that is not loaded.

    Attributes:
        uri: the object.
        line: number of the line in it.
        raw: the line.
        column: of which the value is wrong; None for the whole line.
        value: the value.
        code: err_code.
        reason: err_reason.
    """

    uri: str
    line: int
    raw: str
    column: Target | None
    value: str
    code: int
    reason: str

    def row(self) -> list[str | None]:
        """Values for the table of rejected rows, from filename on."""
        column = self.column
        return [
            self.uri[:256],
            str(self.line),
            column.name if column else "",
            NAMES.get(column.oid, "varchar") if column else "",
            str(column.length) if column and column.length else "",
            "0",
            self.raw[:1024],
            self.value[:1024],
            str(self.code),
            self.reason[:100],
        ]


class Lines:
    """Lines of text objects, as PostgreSQL's text format wants them.

    Args:
        order: the COPY.
        targets: columns that are loaded.
        files: address and file of each object.

    Attributes:
        sources: for each line that was given, its object, number and text.
        rejected: lines that were not given.
    """

    def __init__(
        self, order: Order, targets: Sequence[Target], files: Sequence[tuple[str, Path]]
    ) -> None:
        self._order, self._targets, self._files = order, targets, files
        self.sources: list[tuple[str, int, str]] = []
        self.rejected: list[Rejected] = []
        self._null = order.text("NULL", "\\N")

    def __iter__(self) -> Iterator[bytes]:
        """Each line, ended."""
        for uri, file in self._files:
            with file.open(encoding="utf-8", newline="") as text:
                for number, raw, cells in self._rows(text):
                    line = self._line(uri, number, raw, cells)
                    if line is not None:
                        self.sources.append((uri, number, raw))
                        yield line

    def _rows(self, text: Any) -> Iterator[tuple[int, str, list[str]]]:
        """Number of the first line, raw text and cells of each row."""
        skip = self._order.number("IGNOREHEADER")
        if self._order.format == "CSV":
            kept: list[str] = []

            def remembered() -> Iterator[str]:
                for line in text:
                    kept.append(line)
                    yield line

            mark = self._order.text("DELIMITER", ",")
            reader = csv.reader(
                remembered(), delimiter=mark, quotechar=self._order.text("QUOTE", '"'), strict=True
            )
            before = 0
            for cells in reader:
                number, before = before + 1, reader.line_num
                raw = "".join(kept).rstrip("\r\n")
                kept.clear()
                if number > skip and (cells or not self._order.flag("IGNOREBLANKLINES")):
                    yield number, raw, cells or [""]
            return
        mark = self._order.text("DELIMITER", "|")
        for number, line in enumerate(text, 1):
            raw = line.rstrip("\r\n")
            if number > skip and (raw or not self._order.flag("IGNOREBLANKLINES")):
                yield number, raw, self._split(raw, mark)

    def _split(self, raw: str, mark: str) -> list[str]:
        if not self._order.flag("ESCAPE"):
            return raw.split(mark)
        cells, cell, signs = [], [], iter(raw)
        for sign in signs:
            if sign == "\\":
                cell.append(next(signs, ""))
            elif sign == mark:
                cells.append("".join(cell))
                cell = []
            else:
                cell.append(sign)
        return [*cells, "".join(cell)]

    def _line(self, uri: str, number: int, raw: str, cells: list[str]) -> bytes | None:
        targets = self._targets
        if len(cells) == len(targets) + 1 and cells[-1] == "" and self._order.format == "TEXT":
            cells = cells[:-1]  # a delimiter may end the line
        if len(cells) > len(targets):
            self.rejected.append(Rejected(uri, number, raw, None, "", 1202, REASONS[1202]))
            return None
        if len(cells) < len(targets):
            if not self._order.flag("FILLRECORD"):
                missing = targets[len(cells)]
                self.rejected.append(Rejected(uri, number, raw, missing, "", 1203, REASONS[1203]))
                return None
            cells = cells + [self._null] * (len(targets) - len(cells))
        made = []
        for target, cell in zip(targets, cells, strict=True):
            value = self._cell(target, cell)
            if value is None and target.required:
                self.rejected.append(Rejected(uri, number, raw, target, cell, 1213, REASONS[1213]))
                return None
            if value is not None and target.length and len(value.encode()) > target.length:
                if not self._order.flag("TRUNCATECOLUMNS"):
                    told = Rejected(uri, number, raw, target, cell, 1204, REASONS[1204])
                    self.rejected.append(told)
                    return None
                value = value.encode()[: target.length].decode("utf-8", "ignore")
            made.append("\\N" if value is None else escaped(value))
        return ("\t".join(made) + "\n").encode()

    def _cell(self, target: Target, cell: str) -> str | None:
        if cell == self._null:
            return None
        if not target.is_text:
            return cell.strip() or None
        if cell == "" and self._order.flag("EMPTYASNULL"):
            return None
        if not cell.strip() and cell and self._order.flag("BLANKSASNULL"):
            return None
        return cell.rstrip(" ") if target.oid == BPCHAR or self._order.flag("TRIMBLANKS") else cell

    def blame(self, told: dict[str, str]) -> Rejected | None:
        """The row that PostgreSQL complains of, if it does of one.

        Args:
            told: fields of its error or notice.
        """
        found = _FOUND.search(told.get("W", "")) or _FOUND.search(told.get("M", ""))
        if found is None or not 0 < int(found[1]) <= len(self.sources):
            return None
        uri, number, raw = self.sources[int(found[1]) - 1]
        column = next((one for one in self._targets if one.name == found[2]), None)
        value = found[3] or ""
        code, reason = reason_of(column, value, overflow=told.get("C") == OVERFLOW)
        return Rejected(uri, number, raw, column, value, code, reason)


def reason_of(column: Target | None, value: str, *, overflow: bool) -> tuple[int, str]:
    """Code and reason for a value that is none of its column's type."""
    oid = column.oid if column else 0
    digits = value[1:] if value[:1] in ("+", "-") else value
    if oid in INTEGERS and not overflow and not digits.isdigit():
        place = next((n for n, sign in enumerate(value) if not sign.isdigit()), 0)
        shown = value[place : place + 1]
        return 1207, f"Invalid digit, Value '{shown}', Pos {place}, Type: {INTEGERS[oid]}"
    code = 1222 if oid in INTEGERS or overflow else BY_TYPE.get(oid, 1200)
    return code, REASONS.get(code, "Unknown parse error")


def escaped(value: str) -> str:
    """A value of PostgreSQL's text format."""
    return _TO_ESCAPE.sub(lambda found: ESCAPES[found[0]], value)
