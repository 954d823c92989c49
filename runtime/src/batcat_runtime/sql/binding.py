"""Values in SQL: bound, never written into its text.

A query has three kinds of places:

    '{}'      is filled by date_start, the next one by date_end ('{0}' and '{1}' say which);
              without quotes, {} takes the value as it is, for example a number
    :name     is filled by params={"name": value}
    ?         is filled by params=[value], in their order

A list in ``params`` fills several: ``where id in (:ids)``. Braces, colons, percent and question
marks inside literals, quoted names and comments are no places. What is no place stays as it is.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from batcat_runtime.errors import ConfigError

from . import drivers
from .text import DIALECTS, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

Params: TypeAlias = Mapping[str, Any] | Sequence[Any]
Date: TypeAlias = str | dt.date | int
"""What fills a ``'{}'``: a date or time, or how it is written."""


class Bound(NamedTuple):
    """A query and the values that fill its places.

    Attributes:
        text: the query, with places as the driver wants them.
        arguments: values for the driver; empty when nothing is bound.
    """

    text: str
    arguments: list[Any]


class _Place(NamedTuple):
    """A place for a value.

    Attributes:
        key: the same for places that share a value.
        values: what fills it: one value, or those of a list.
        cast: type to convert it to, where it stood for a literal of that type.
    """

    key: Any
    values: tuple[Any, ...]
    cast: str = ""


def bind(
    query: str, params: Params | None, date_start: Date | None, date_end: Date | None, style: str
) -> Bound:
    """Bind values to the places of a query.

    Args:
        query: SQL.
        params: values of ``:name`` (a mapping) or ``?`` (a sequence); None if there are none.
        date_start: fills the first ``'{}'``.
        date_end: fills the next one.
        style: who takes the result:

            - ``athena``: ``?``, and literals for ExecutionParameters;
            - ``redshift``: ``$1``, ``$2``, … and Python values, for a cursor of
              redshift_connector whose ``paramstyle`` is ``qmark``: it passes PostgreSQL's own
              places on, while its scanner for ``%s`` stumbles over literals with backslashes;
            - ``data_api``: ``:p1``, ``:p2``, … and the list for ``Parameters``;
            - ``mysql``: ``%s`` and Python values. All other percent signs are doubled, unless
              nothing is bound: drivers look at them only when they are given values.

    Returns:
        The query and its values.

    Raises:
        ConfigError: places and values do not fit together, a date is none, a value is of a type
            that SQL does not have, or a literal or a comment in the query does not end.
    """
    if isinstance(params, (str, bytes)) or not isinstance(params, (Mapping, Sequence, type(None))):
        raise ConfigError(
            f"params is a {type(params).__name__}; give a dictionary for :name or a list for ?",
        )
    parts = tokens(query, "redshift" if style == "data_api" else style)
    given = {"date_start": date_start, "date_end": date_end}
    dates = [drivers.date(name, one) for name, one in given.items() if one is not None]
    found = _typed(_find_dates(_find_params(parts, params), dates))
    if not any(isinstance(part, _Place) for part in found):
        return Bound(query, [])
    writer = drivers.WRITERS[style]()
    text = "".join(
        _write(part, writer) if isinstance(part, _Place) else writer.escape(part.text)
        for part in found
    )
    return Bound(text, writer.arguments)


def _write(place: _Place, writer: drivers.Writer) -> str:
    written = (writer.place((place.key, n), value) for n, value in enumerate(place.values))
    text = ", ".join(written)
    return f"CAST({text} AS {writer.types.get(place.cast, place.cast)})" if place.cast else text


def _find_params(parts: list[Token], params: Params | None) -> list[Token | _Place]:
    """Replace ``:name`` or ``?``."""
    if isinstance(params, Mapping):
        return list(_find_named(parts, params))
    if params is None:
        return list(parts)
    places = [n for n, part in enumerate(parts) if part == ("sign", "?")]
    if len(places) != len(params):
        raise ConfigError(
            f"the query has {len(places)} places ? and params has {len(params)} values; "
            "give as many",
        )
    found: list[Token | _Place] = list(parts)
    for number, (place, value) in enumerate(zip(places, params, strict=True), 1):
        found[place] = _Place(("?", number), _values(f"number {number}", value))
    return found


def _find_named(parts: list[Token], params: Mapping[str, Any]) -> Iterator[Token | _Place]:
    rest = iter(zip(parts, [*parts[1:], Token("", "")], strict=True))
    unused = dict.fromkeys(params)
    for here, after in rest:
        is_word = after.kind == "word" and not after.text[0].isdigit()
        if here != ("sign", ":") or not is_word:
            yield here
            continue
        next(rest)
        if after.text not in params:
            raise ConfigError(
                f"the query has a place :{after.text}, and params has only {list(params)}; add "
                "it, or put a blank after a colon that is no place",
            )
        unused.pop(after.text, None)
        yield _Place((":", after.text), _values(after.text, params[after.text]))
    if unused:
        name = next(iter(unused))
        raise ConfigError(
            f"params has {name!r}, and the query has no place :{name}; leave it out, or write the "
            "place without quotes around it",
        )


def _values(name: str, value: Any) -> tuple[Any, ...]:
    several = isinstance(value, (list, tuple, AbstractSet)) or (
        hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1  # an array or column
    )
    if not several:
        return (drivers.plain(name, value),)
    values = tuple(drivers.plain(name, one) for one in value)
    if not values:
        raise ConfigError(f"params {name}: the list is empty, and SQL has none; leave the query")
    return values


_BRACES = re.compile(r"""(?P<quote>['"]?)\{(?P<number>[01]?)\}(?P=quote)""")


def _find_dates(parts: list[Token | _Place], dates: list[Any]) -> list[Token | _Place]:
    """Replace ``'{}'`` and ``{}``."""
    if not dates:
        return parts
    found = list(parts)
    numbers: list[int] = []
    for place, part in enumerate(parts):
        if isinstance(part, _Place) or part.kind not in {"literal", "brace"}:
            continue
        braces = _BRACES.fullmatch(part.text)
        if braces:
            number = int(braces["number"] or len(numbers))
            numbers.append(number)
            value = dates[number] if number < len(dates) else None
            write = drivers.text_of if part.kind == "literal" else drivers.number_of
            filling = write(value)
            found[place] = _Place(("date", number, part.kind), (filling,))
    if set(numbers) != set(range(len(dates))):
        raise ConfigError(
            f"the query has {len(numbers)} places '{{}}' for {len(dates)} dates; each of "
            "date_start and date_end fills one ('{0}' and '{1}' may stand more often). Braces "
            "amid other text are no place: write '{}' || ' 12:00'",
        )
    return found


_TYPES = {"DATE", "TIMESTAMP", "TIME", "DATETIME"}


def _typed(parts: list[Token | _Place]) -> list[Token | _Place]:
    """Make ``DATE '{}'`` a conversion: a type may stand before a literal, not before a place."""
    found: list[Token | _Place] = []
    for part in parts:
        if isinstance(part, _Place):
            before = next(
                (n for n in reversed(range(len(found))) if not _is_blank(found[n])),
                None,
            )
            word = found[before] if before is not None else None
            if isinstance(word, Token) and word.kind == "word" and word.text.upper() in _TYPES:
                del found[before:]
                found.append(part._replace(cast=word.text.upper()))
                continue
        found.append(part)
    return found


def _is_blank(part: Token | _Place) -> bool:
    return isinstance(part, Token) and part.kind in {"blank", "comment"}


def quote_identifier(*names: str, style: str = "athena") -> str:
    """Quote the name of a table, column or schema.

    Args:
        *names: one name, or several that belong together: ``quote_identifier(schema, table)``.
        style: ``athena``, ``redshift``, ``data_api`` or ``mysql``.

    Returns:
        The name as SQL reads it, whatever signs it has: ``"my ""own"" table"``.

    Raises:
        ConfigError: a name is empty or has the sign NUL, which no engine allows; or there is no
            such style.
    """
    if style not in drivers.WRITERS:
        raise ConfigError(f"style is {style!r}; it must be one of {', '.join(drivers.WRITERS)}")
    sign = DIALECTS["redshift" if style == "data_api" else style].quote
    for name in names:
        if not name or "\0" in name:
            raise ConfigError(f"{name!r} cannot name a table, column or schema; give another name")
    return ".".join(f"{sign}{name.replace(sign, sign * 2)}{sign}" for name in names)
