"""Columns of a result as the wire protocol describes them.

Sources: PostgreSQL, "Frontend/Backend Protocol", RowDescription; the numbers of types are those of
redshift_connector (utils/oids.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.types import Type
from batcat_runtime.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TEXT = Type("text")
NUMERIC, SUPER, TIME, TIMETZ = 1700, 4000, 1083, 1266
_VARBYTE, _BYTEA, _JSON = 6551, 17, 114  # the last two are what PostgreSQL has instead
# Types that come in binary form; all others come as text.
_BINARY: dict[int, Type] = {
    16: Type("boolean"),
    20: Type("integer", 64),
    21: Type("integer", 16),
    23: Type("integer", 32),
    26: Type("integer", 64),  # oid: 4 bytes without a sign
    700: Type("float", 32),
    701: Type("float", 64),
    1082: Type("date"),
    1083: Type("time"),
    1114: Type("timestamp", unit="us"),
    1184: Type("timestamp", unit="us", zone="UTC"),
    1190: Type("duration", unit="us"),  # interval day to second
    1266: Type("time"),  # with time zone
}
_REFUSED = {1186: "interval", 1188: "interval year to month"}


@dataclass(frozen=True)
class Field:
    """A column of a result.

    Attributes:
        name: its name.
        number: the number of its type on the wire.
        kind: its type.
        width: of a text or binary, how many bytes it may have; 0 if it does not say.
        packed: a decimal comes as a whole number in binary form, not as text.
    """

    name: str
    number: int
    kind: Type
    width: int = 0
    packed: bool = False

    @property
    def is_super(self) -> bool:
        """Whether it holds JSON as Redshift has it."""
        return self.number in {SUPER, _JSON}


def in_binary(packed: bool) -> list[int]:
    """Give the numbers of the types to ask for in binary form; decimals only if ``packed``."""
    return [*_BINARY, *([NUMERIC] if packed else [])]


def fields(described: Sequence[dict[str, Any]], packed: bool) -> list[Field]:
    """Read the description of a result.

    Args:
        described: of each column, as the driver gives it.
        packed: whether decimals come in binary form.

    Raises:
        DataError: a column is of a type that has no counterpart; the message names it.
    """
    found = []
    for one in described:
        name, number = one["label"].decode(), int(one["type_oid"])
        if number in _REFUSED:
            raise DataError(
                f"column {name!r} is of type {_REFUSED[number]}, which has no counterpart in "
                "pandas; cast it in the query, for example to varchar",
            )
        modifier = int(one["type_modifier"])
        kind = _BINARY.get(number, _TEXT)
        if number == NUMERIC:
            digits = max(modifier - 4, 0)
            kind = Type("decimal", precision=digits >> 16 & 0xFFFF, scale=digits & 0xFFFF)
        elif number in {_VARBYTE, _BYTEA}:
            kind = Type("binary")
        width = max(modifier - 4, 0) if kind.kind in {"text", "binary"} else 0
        found.append(Field(name, number, kind, width, packed and number == NUMERIC))
    return found
