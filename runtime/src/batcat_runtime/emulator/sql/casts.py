"""CAST as Trino does it: stricter about text, and other rounding than DuckDB's.

Source: Trino documentation, "Conversion functions", and of each type in "Data types"; text of
doubles and moments as in "Amazon Athena User Guide", "Data types in Amazon Athena".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from .errors import NotEmulatedError, QueryError
from .kinds import Kind, to_trino
from .nodes import call, cast, guard, text

if TYPE_CHECKING:
    from collections.abc import Callable

NESTED = ("array", "map", "row")
DATE = r"^\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}\s*$"
MOMENT = r"^\s*\d{4,}-\d{1,2}-\d{1,2}( \d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?)?"
ZONE = r"( ?([+-]\d{1,2}(:\d{2})?|[A-Za-z][A-Za-z/_0-9+-]*))?"
UTC = r"( ?([+-]0{1,2}(:00)?|UTC|Z))?"
REFUSED_ZONE = "NOT_EMULATED: a time in a zone other than UTC"
WHOLE = r"^[+-]?\d+$"
EXACT = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
FLOAT = r"^\s*[+-]?(NaN|Infinity|(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?)\s*$"


def converted(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    """The node as a value of another type.

    Raises:
        QueryError: Trino has no such cast.
        NotEmulatedError: Trino has it, but it is not known to be right here.
    """
    if target.name in ("char", "json", "timetz", "interval", "uuid"):
        raise NotEmulatedError(f"CAST AS {to_trino(target).upper()}")
    if source.name == "null":
        return cast(node, target)
    if source.name == "json" and target.name in NESTED:
        raise NotEmulatedError(f"CAST of JSON AS {to_trino(target)}", "Use json_extract_scalar.")
    if (source.name in NESTED) != (target.name in NESTED):
        raise _impossible(source, target)
    if target.name in NESTED:
        return _nested(node, source, target)
    maker = _TO.get(target.name, _plain)
    return maker(node, source, target)


def tried(node: exp.Expr) -> exp.Expr:
    """What :func:`converted` made, with NULL in the place of each failure.

    The value to be converted, in brackets marked as ``source``, may still fail.
    """
    found = list(exp.Paren(this=node).walk(prune=lambda inner: bool(inner.meta.get("source"))))
    for inner in found:
        made: exp.Expr
        if isinstance(inner, exp.Anonymous) and REFUSED_ZONE in map(str, _texts(inner)):
            continue
        if isinstance(inner, exp.Cast):
            made = exp.TryCast(this=inner.this, to=inner.args["to"])
        elif isinstance(inner, exp.Anonymous) and inner.this == "trino_guard":
            good, _, value = inner.expressions
            made = exp.Case(ifs=[exp.If(this=good, true=value)])
        else:
            continue
        if inner is node:
            node = made
        else:
            inner.replace(made)
    return node


def _texts(inner: exp.Anonymous) -> list[str]:
    return [one.name for one in inner.expressions if isinstance(one, exp.Literal)]


def _nested(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    for inner, outer in zip(source.items, target.items, strict=False):
        if inner.name != outer.name and not (inner.is_integer and outer.is_integer):
            known = inner.name == "null" or (
                inner.is_number and outer.name in ("double", "decimal")
            )
            if not known:
                raise NotEmulatedError(f"CAST of {to_trino(source)} AS {to_trino(target)}")
    return cast(node, target)


def _text(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    made = _written(node, source, target)
    if not target.size:
        return made
    if source.name == "varchar":
        return call("left", made, exp.Literal.number(target.size))
    short = exp.LTE(this=call("length", made), expression=exp.Literal.number(target.size))
    short.meta["done"] = True
    fits = call("coalesce", short, exp.true())
    why = f"INVALID_CAST_ARGUMENT: Value cannot be represented as {to_trino(target)}"
    return guard(fits, why, made.copy())


def _written(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    """Any value as text of any length."""
    if source.name == "varbinary":
        raise _impossible(source, target)
    if source.name in ("json", "interval", "uuid"):
        raise NotEmulatedError(f"CAST of {source.name.upper()} AS VARCHAR", "Use json_format.")
    if source.name == "real" or (source.name == "decimal" and source.size == source.scale):
        node = cast(node, "VARCHAR")  # for a fraction DuckDB writes .5
        return call("trino_shortest_text" if source.name == "real" else "trino_fraction_text", node)
    if source.name == "timestamptz":
        local = call("trino_timestamp_text", call("timezone", text("UTC"), node))
        return call("trino_append", local, text(" UTC"))
    if source.name in ("double", "timestamp", "time"):
        return call(f"trino_{source.name}_text", node)
    return cast(node, "VARCHAR")


def _whole(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    if source.is_time or source.name in ("varbinary", "time"):
        raise _impossible(source, target)
    if source.name in ("double", "real"):
        return cast(call("round", node), target)
    if source.name == "varchar":
        return _read(node, WHOLE, target)
    return cast(node, target)


def _float(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    if source.is_time or source.name in ("varbinary", "time"):
        raise _impossible(source, target)
    if source.name == "varchar":
        return _read(node, EXACT if target.name == "decimal" else FLOAT, target)
    return cast(node, target)


def _decimal(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    if source.name in ("double", "real"):
        return cast(cast(node, "VARCHAR"), target)  # half up of the digits that are seen
    return _float(node, source, target)


def _boolean(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    if source.name == "varchar":
        return _read(node, r"(?i)^(t|true|1|f|false|0)$", target)
    if source.is_time or source.name in ("varbinary", "time"):
        raise _impossible(source, target)
    return cast(node, target)


def _date(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    if source.name == "varchar":
        return _read(node, DATE, target)
    if source.name == "timestamptz":
        return cast(call("timezone", text("UTC"), node), target)
    if source.name not in ("date", "timestamp"):
        raise _impossible(source, target)
    return cast(node, target)


def _timestamp(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    if source.name == "varchar":
        if target.name == "timestamp":
            return _read(node, rf"{MOMENT}\s*$", target if target.size else "TIMESTAMP_S")
        made = _read(node, rf"{MOMENT}{UTC}\s*$", target)
        zoned = call("regexp_matches", node.copy(), text(rf"{MOMENT}{ZONE}\s*$"))
        utc = call("regexp_matches", node.copy(), text(rf"{MOMENT}{UTC}\s*$"))
        known = call("coalesce", exp.Or(this=exp.Not(this=zoned), expression=utc), exp.true())
        for part in known.find_all(exp.Or, exp.Not):
            part.meta["done"] = True
        return guard(known, REFUSED_ZONE, made)
    if source.name == "timestamptz" and target.name == "timestamp":
        return cast(call("timezone", text("UTC"), node), target)
    if not source.is_time:
        raise _impossible(source, target)
    if target.name == "timestamptz" and source.name != "timestamptz":
        return call("timezone", text("UTC"), cast(node, "TIMESTAMP"))
    return cast(node, target)


def _plain(node: exp.Expr, source: Kind, target: Kind) -> exp.Expr:
    if target.name == "varbinary" and source.name != "varbinary":
        raise _impossible(source, target)
    if target.name == "time" and source.name not in ("time", "varchar", "timestamp"):
        raise _impossible(source, target)
    return cast(node, target)


def _read(node: exp.Expr, pattern: str, target: Kind | str) -> exp.Expr:
    """Text as a value, where it has the form that Trino takes."""
    good = call("coalesce", call("regexp_matches", node, text(pattern)), exp.true())
    name = to_trino(target) if isinstance(target, Kind) else "timestamp(0)"
    return guard(
        good,
        f"INVALID_CAST_ARGUMENT: Cannot cast value to {name}",
        cast(node.copy(), target),
    )


def _impossible(source: Kind, target: Kind) -> QueryError:
    return QueryError("TYPE_MISMATCH", f"Cannot cast {to_trino(source)} to {to_trino(target)}")


_TO: dict[str, Callable[[exp.Expr, Kind, Kind], exp.Expr]] = {
    "varchar": _text,
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), _whole),
    "real": _float,
    "double": _float,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
    "timestamptz": _timestamp,
}
