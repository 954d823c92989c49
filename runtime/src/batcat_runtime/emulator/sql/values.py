"""Values as Athena writes them: in GetQueryResults and in result files.

Source: Amazon Athena User Guide, "Data types in Amazon Athena" and "Work with query results";
the forms of arrays, maps, rows and bytes are those that clients such as PyAthena read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import NotEmulatedError
from .kinds import Kind, quoted, to_trino
from .native import double_text, shortest_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MILLI = 1000
_ODD = ("nan", "inf", "-inf")


def transport(columns: Sequence[tuple[str, Kind]], sql: str) -> str:
    """A query whose values come out of DuckDB as Python needs them to write them.

    Raises:
        NotEmulatedError: a column is of a type that is not written.
    """
    values = []
    for place, (_, kind) in enumerate(columns):
        name = f"c{place}"
        if kind.name == "interval":
            raise NotEmulatedError("a result of type INTERVAL", "Use date_diff, or CAST it.")
        if _holds_moments(kind):
            raise NotEmulatedError(f"a result of type {to_trino(kind)}")
        if kind.name == "timestamptz":
            values.append(f"timezone('{kind.zone}', {name})")
        elif kind.name == "real" or kind.name in ("uuid", "time"):
            values.append(f"CAST({name} AS VARCHAR)")
        else:
            values.append(name)
    names = ", ".join(quoted(f"c{place}") for place in range(len(columns)))
    return f"SELECT {', '.join(values)} FROM ({sql}) AS t({names})"  # noqa: S608 - names are ours


def writers(columns: Sequence[tuple[str, Kind]]) -> list[Callable[[Any], str]]:
    """What writes a value that is not NULL, for each column."""
    return [_top(kind) for _, kind in columns]


def _top(kind: Kind) -> Callable[[Any], str]:
    if kind.name == "timestamptz":
        return lambda value: f"{_moment(value)} {kind.zone}"
    return _TOP.get(kind.name) or _writer(kind)


def _writer(kind: Kind) -> Callable[[Any], str]:
    if kind.name == "array":
        inner = _inside(kind.items[0])
        return lambda value: f"[{', '.join(inner(one) for one in value)}]"
    if kind.name == "map":
        key, held = _inside(kind.items[0]), _inside(kind.items[1])
        return lambda value: (
            "{" + ", ".join(f"{key(one)}={held(other)}" for one, other in value.items()) + "}"
        )
    if kind.name == "row":
        inner_writers = [_inside(item) for item in kind.items]
        names = kind.names or [f"field{place}" for place in range(len(kind.items))]

        def row(value: Any) -> str:
            held = value.values() if isinstance(value, dict) else value
            pairs = zip(names, inner_writers, held, strict=True)
            return "{" + ", ".join(f"{name}={write(one)}" for name, write, one in pairs) + "}"

        return row
    return _SIMPLE.get(kind.name, str)


def _inside(kind: Kind) -> Callable[[Any], str]:
    write = _writer(kind)
    return lambda value: "null" if value is None else write(value)


def _moment(value: Any) -> str:
    """Milliseconds, or microseconds where there are any."""
    spec = "milliseconds" if value.microsecond % MILLI == 0 else "microseconds"
    return str(value.isoformat(" ", spec))


def _time(value: str) -> str:
    whole, _, fraction = value.partition(".")
    return f"{whole}.{fraction.ljust(3, '0')}"


def _holds_moments(kind: Kind) -> bool:
    """Whether moments with time zone lie inside an array, map or row."""
    return any(
        item.name in ("timestamptz", "interval") or _holds_moments(item) for item in kind.items
    )


_SIMPLE: dict[str, Callable[[Any], str]] = {
    "boolean": lambda value: "true" if value else "false",
    "double": double_text,
    "real": lambda value: shortest_text(repr(value)),
    "decimal": lambda value: format(value, "f"),
    "varbinary": lambda value: value.hex(" "),
    "timestamp": _moment,
}
_TOP: dict[str, Callable[[Any], str]] = {
    "real": lambda value: double_text(float(value)) if value in _ODD else shortest_text(value),
    "time": _time,
}
