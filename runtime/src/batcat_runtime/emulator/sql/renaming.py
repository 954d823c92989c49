"""The first pass: what is clear without types, and a form that DuckDB can bind for what is not."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from .calls import CALLS, SUMS
from .errors import NotEmulatedError
from .functions import known
from .kinds import Kind
from .nodes import PENDING, call, cast, text
from .patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

WEEKDAY = {"dow": "isodow", "day_of_week": "isodow", "doy": "doy", "day_of_year": "doy",
           "yow": "isoyear", "year_of_week": "isoyear", "day_of_month": "day"}  # fmt: skip
ROUNDED = (3, 6)
"""Digits of a second to which DuckDB rounds as Trino does."""
EXTRACTED = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")


def rename(node: exp.Expr) -> None:
    """Replace one node of a query; what it holds was replaced before.

    Raises:
        NotEmulatedError: it has no counterpart.
        QueryError: it does not exist.
    """
    maker = _MAKERS.get(type(node))
    if maker is not None:
        maker(node)


def _bracket(node: Any) -> None:
    if len(node.expressions) != 1:
        raise NotEmulatedError("Athena SQL slice")
    node.replace(call(f"{PENDING}at", node.this, node.expressions[0]))


def _extract(node: Any) -> None:
    part = node.name.lower()
    if part not in EXTRACTED and part not in WEEKDAY:
        raise NotEmulatedError(f"EXTRACT({part.upper()} …)")
    node.set("this", exp.var(WEEKDAY.get(part, part)))


def _as_call(node: Any, name: str, *arguments: exp.Expr | None) -> None:
    made = call(name, *[one for one in arguments if one is not None])
    node.replace(made)
    _call(made)


def _substring(node: Any) -> None:
    _as_call(node, "substr", node.this, node.args.get("start"), node.args.get("length"))


def _trim(node: Any) -> None:
    if not node.expression:
        side = str(node.args.get("position") or "").upper()
        _as_call(node, {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(side, "trim"), node.this)


def _at_time_zone(node: Any) -> None:
    if not isinstance(node.parent, exp.Cast):
        raise NotEmulatedError(
            "AT TIME ZONE outside of a CAST", "Write CAST(x AT TIME ZONE z AS timestamp)."
        )


def _if(node: Any) -> None:
    if not isinstance(node.parent, exp.Case):
        branch = exp.If(this=node.this, true=node.args["true"])
        node.replace(exp.Case(ifs=[branch], default=node.args.get("false")))


def _group_concat(node: Any) -> None:
    if not node.args.get("separator"):
        node.set("separator", text(""))


def _literal(node: Any) -> None:
    """A decimal has no digit for the 0 before its point."""
    whole, point, places = str(node.this).lower().partition(".")
    if node.is_string or not point or "e" in places or not places or int(whole or "0"):
        return
    node.replace(cast(node.copy(), Kind("decimal", len(places), len(places))))


def _mod(node: Any) -> None:
    node.replace(exp.Mod(this=node.expressions[0], expression=node.expressions[1]))


def _call(node: Any) -> None:
    name, count = str(node.this).lower(), len(node.expressions)
    node.meta["called"] = name
    if name not in ("transform", "filter") and node.find(exp.Lambda) in node.expressions:
        raise NotEmulatedError(f"Athena function {name} with a lambda")
    if name in ("typeof", "to_iso8601") and any(map(is_precise, node.expressions)):
        raise precise()
    typed = CALLS.get(name) if name != "at" else None
    if typed:
        if not typed[1] <= count <= typed[2]:
            raise NotEmulatedError(f"Athena function {name} with {count} arguments")
        plain = name in ("concat", "greatest", "least")
        node.meta["typed"] = name
        node.set("this", name if plain else f"{PENDING}{name}")
    elif name in SUMS:
        node.meta["aggregate"] = name
        if name == "approx_distinct":
            node.set("this", "count")
            node.set("expressions", [exp.Distinct(expressions=node.expressions[:1])])
    elif (name, count) in _SPECIAL:
        _SPECIAL[name, count](node)
    elif not name.startswith(PENDING) and name != "row":
        distinct = node.expressions[0] if count else None
        several = len(distinct.expressions) if isinstance(distinct, exp.Distinct) else 1
        found = known(name, count + several - 1)
        node.set("this", found.name)
        node.meta["known"] = (name, found)


def _try(node: Any) -> None:
    """Refuse TRY around what is refused for some values: it would make them NULL."""
    for inner in node.expressions[0].find_all(exp.Anonymous, exp.Cast):
        name = str(inner.meta.get("called", "CAST"))
        zoned = isinstance(inner, exp.Cast) and inner.args["to"].is_type("timestamptz")
        pattern = inner.expressions[1] if name.startswith("regexp_") else None
        classes = False
        with suppress(ValueError):  # a pattern that is none is told later
            classes = isinstance(pattern, exp.Literal) and bool(compiled(str(pattern.this))[1])
        if zoned or classes or name == "from_iso8601_timestamp":
            raise NotEmulatedError(
                f"TRY around {name}", "Values that are not emulated would become NULL."
            )
    node.replace(call("try", *node.expressions))


def is_precise(node: exp.Expr) -> bool:
    """Whether a moment has other digits than milliseconds, as far as the query says."""
    for one in node.find_all(exp.Cast, exp.TryCast):
        digits = one.args["to"].expressions
        if one.args["to"].is_type("timestamp", "timestamptz") and digits:
            if digits[0].name != "3":
                return True
            if one is node:
                return False
        elif one is node:
            return False
    return False


def precise() -> NotEmulatedError:
    """The error for the text or type of such a moment."""
    return NotEmulatedError(
        "the text or type of a timestamp of other than 3 digits", "CAST it AS timestamp(3)."
    )


def _cast(node: Any) -> None:
    node.meta["precise"] = is_precise(node.this)
    kind = node.args["to"]
    if not kind.is_type("timestamp", "timestamptz") or not kind.expressions:
        return
    digits = int(kind.expressions[0].name)
    whole = digits == 0 and node.this.is_string and "." not in node.this.name
    if digits not in ROUNDED and not whole:
        raise NotEmulatedError(f"CAST AS TIMESTAMP({digits})", "Use 3 or 6 digits.")


_SPECIAL: dict[tuple[str, int], Callable[[Any], Any]] = {
    ("try", 1): _try,
    ("mod", 2): _mod,
    ("e", 0): lambda node: node.replace(exp.Literal.number("2.718281828459045e0")),
    ("nan", 0): lambda node: node.replace(call("trino_nan")),
    ("infinity", 0): lambda node: node.replace(call("trino_infinity")),
}
_MAKERS: dict[type[Any], Callable[[Any], Any]] = {
    exp.Bracket: _bracket,
    exp.Anonymous: _call,
    exp.Extract: _extract,
    exp.Substring: _substring,
    exp.Trim: _trim,
    exp.AtTimeZone: _at_time_zone,
    exp.If: _if,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.CurrentTimestamp: lambda node: node.replace(call("trino_now")),
    exp.Localtimestamp: lambda node: node.replace(call("trino_localtimestamp")),
    exp.GroupConcat: _group_concat,
    exp.Literal: _literal,
}
