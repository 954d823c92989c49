"""Decide how a result comes back; nothing here talks to AWS.

Athena writes every SELECT as one CSV file, from one machine, and as text. UNLOAD writes Parquet
from all machines at once, with types, but in no order, and takes some requests more. ``auto``
cannot know how many rows there will be, so it looks at what the query says:

- ``csv`` for what is no SELECT, for an outermost ORDER BY, for an outermost LIMIT of up to 10,000
  rows, for totals (aggregates without GROUP BY), where results may be reused, where pyarrow is not
  installed, and where no staging folder is known;
- ``unload`` for everything else. If Athena refuses it, because Parquet has no type for a column or
  a column has no name, the query runs again as ``csv``; a refusal costs nothing.

Measured on the local AWS (``benchmarks/athena.py``), 5,000 rows of five columns take both as long;
``unload`` is 1.7 times as fast at 20,000, 3 times at 50,000 and 14 times at a million. Up to 10,000
that is a fraction of a second, and less than the queue of Athena itself takes; rows in their order
are worth more then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING

from batcat_runtime.errors import ConfigError
from batcat_runtime.sql.text import outermost, tokens, trimmed

if TYPE_CHECKING:
    from batcat_runtime.sql.binding import Bound

SMALL = 10_000  # rows
_MODES = ("auto", "csv", "unload")
_LONGEST_REUSE = 10_080  # minutes; source: botocore, athena, Age
_TOTALS = frozenset(
    {
        *["approx_distinct", "approx_percentile", "arbitrary", "avg", "bool_and", "bool_or"],
        *["count", "count_if", "every", "max", "max_by", "min", "min_by", "stddev", "sum"],
    }
)
_STAGING = re.compile(r"s3://[^/]+(/.*)?")


@dataclass(frozen=True)
class Wanted:
    """What to run, and how.

    Attributes:
        text: the query without its last semicolon; a question mark for each value.
        arguments: literals for ExecutionParameters.
        unload: whether to begin with UNLOAD.
        forced: the caller said so; nothing else is tried then.
        ordered: the outermost query says ORDER BY.
        staging: folder in S3, with a slash at its end; None if the workgroup says.
        reuse: minutes for which a result may be taken again.
    """

    text: str
    arguments: list[str]
    unload: bool
    forced: bool
    ordered: bool
    staging: str | None
    reuse: int


def decide(bound: Bound, mode: str, staging: str | None, reuse: int) -> Wanted:
    """Decide on the way of a query.

    Raises:
        ConfigError: an argument is none that there is, or arguments contradict each other.
    """
    if mode not in _MODES:
        raise ConfigError(f"mode is {mode!r}; it must be one of {', '.join(_MODES)}")
    if staging is not None and not _STAGING.fullmatch(staging):
        raise ConfigError(f"s3_staging_dir is {staging!r}; it looks like s3://bucket/folder/")
    if not 0 <= reuse <= _LONGEST_REUSE:
        raise ConfigError(
            f"reuse_minutes is {reuse}; Athena keeps results for 0 to {_LONGEST_REUSE} minutes",
        )
    parts = trimmed(tokens(bound.text, "athena"))
    outer = outermost(parts)
    selects = bool(outer) and outer[0] in {"select", "with"}
    if mode == "unload":
        _check_unload(selects, staging, reuse)
    small = _is_small(outer) or reuse or staging is None or find_spec("pyarrow") is None
    return Wanted(
        text="".join(part.text for part in parts),
        arguments=bound.arguments,
        unload=mode == "unload" or (mode == "auto" and selects and not small),
        forced=mode != "auto",
        ordered=_ordered(outer),
        staging=staging if staging is None or staging.endswith("/") else f"{staging}/",
        reuse=reuse,
    )


def _check_unload(selects: bool, staging: str | None, reuse: int) -> None:
    if not selects:
        raise ConfigError("mode is 'unload' and the query is no SELECT; leave mode out")
    if staging is None:
        raise ConfigError("mode 'unload' needs s3_staging_dir, where it puts its files")
    if reuse:
        raise ConfigError("mode 'unload' leaves no result to reuse; use mode='csv' for that")


def _ordered(outer: list[str]) -> bool:
    return any(pair == ("order", "by") for pair in pairwise(outer))


def _is_small(outer: list[str]) -> bool:
    """Tell whether the result is small or must keep its order, as far as the query says."""
    if _ordered(outer):
        return True
    for name, count in pairwise(outer):
        if name in {"limit", "first"} and count.isdigit() and int(count) <= SMALL:
            return True
    if "from" not in outer:
        return "select" in outer
    chosen = outer[len(outer) - outer[::-1].index("select") :] if "select" in outer else []
    single = not {"group", "over", "union", "except", "intersect"} & set(outer)
    return single and bool(chosen) and chosen[0] in _TOTALS and chosen[1] == "("


def unloading(wanted: Wanted, folder: str) -> str:
    """Give the statement that writes the query's rows as Parquet."""
    # A comment may end the query, so the bracket stands on a line of its own.
    place = folder.replace("'", "''")
    return (
        f"UNLOAD (\n{wanted.text}\n) TO '{place}' WITH (format = 'PARQUET', compression = 'SNAPPY')"
    )


def describing(wanted: Wanted) -> str:
    """Give the query that has the same columns and no rows."""
    return f"SELECT * FROM (\n{wanted.text}\n) LIMIT 0"  # noqa: S608 - the caller's own query
