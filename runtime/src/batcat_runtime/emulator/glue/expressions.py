"""The filter of GetPartitions.

Source: botocore's documentation string of GetPartitions' Expression: a WHERE clause of
``= <> > < >= <= AND OR IN BETWEEN LIKE IS NULL`` and brackets over partition keys of the types
string, date, timestamp, int, bigint, long, tinyint, smallint and decimal.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = ("int", "bigint", "long", "tinyint", "smallint", "decimal")


def matching(expression: str, keys: list[dict[str, Any]]) -> Callable[[list[str]], bool]:
    """A test of a partition's values.

    Args:
        expression: of GetPartitions; empty for all partitions.
        keys: the table's partition keys.

    Raises:
        ServiceError: it is not an expression over these keys.
    """
    if not expression.strip():
        return lambda _: True
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(expression, read="hive")
    except SqlglotError:
        raise ServiceError(
            "InvalidInputException", f"Unsupported expression '{expression}'"
        ) from None
    kinds = {key["Name"].lower(): str(key.get("Type", "string")).lower() for key in keys}
    names = list(kinds)

    def test(values: list[str]) -> bool:
        row = {name: _typed(value, kinds[name]) for name, value in zip(names, values, strict=True)}
        return bool(_value(tree, row, kinds))

    return test


def _typed(value: str, kind: str) -> Any:
    if kind.partition("(")[0] not in NUMBERS:
        return value
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _value(node: Any, row: dict[str, Any], kinds: dict[str, str]) -> Any:
    """The value of a part of the expression for one partition."""
    found = _READERS.get(node.key)
    if found is None:
        raise NotEmulated(f"glue GetPartitions Expression with {node.key}")
    return found(node, row, lambda inner: _value(inner, row, kinds))


def _column(node: Any, row: dict[str, Any], value: Any) -> Any:
    del value
    name = node.name.lower()
    if name not in row:
        raise ServiceError("InvalidInputException", f"Partition key {name} does not exist")
    return row[name]


def _literal(node: Any, row: dict[str, Any], value: Any) -> Any:
    del row, value
    return str(node.this) if node.is_string else Decimal(str(node.this))


def _like(node: Any, row: dict[str, Any], value: Any) -> bool:
    del row
    pattern = re.escape(str(node.expression.this)).replace("%", ".*").replace("_", ".")
    return re.fullmatch(pattern, str(value(node.this)), re.DOTALL) is not None


def _between(node: Any, row: dict[str, Any], value: Any) -> bool:
    del row
    one, low, high = value(node.this), value(node.args["low"]), value(node.args["high"])
    return _compare(one, low) >= 0 >= _compare(one, high)


def _order(test: Callable[[int], bool]) -> Callable[[Any, Any, Any], bool]:
    def compared(node: Any, row: dict[str, Any], value: Any) -> bool:
        del row
        sides = value(node.this), value(node.expression)
        return None not in sides and test(_compare(*sides))

    return compared


_READERS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "paren": lambda node, _, value: value(node.this),
    "column": _column,
    "literal": _literal,
    "and": lambda node, _, value: value(node.this) and value(node.expression),
    "or": lambda node, _, value: value(node.this) or value(node.expression),
    "not": lambda node, _, value: not value(node.this),
    "is": lambda node, _, value: value(node.this) is None,
    "in": lambda node, _, value: any(
        _compare(value(node.this), value(one)) == 0 for one in node.expressions
    ),
    "between": _between,
    "like": _like,
    "eq": _order(lambda order: order == 0),
    "neq": _order(lambda order: order != 0),
    "lt": _order(lambda order: order < 0),
    "lte": _order(lambda order: order <= 0),
    "gt": _order(lambda order: order > 0),
    "gte": _order(lambda order: order >= 0),
}


def _compare(left: Any, right: Any) -> int:
    """-1, 0 or 1; a text beside a number is read as one."""
    if left is None or right is None:
        return 1
    if isinstance(left, Decimal) != isinstance(right, Decimal):
        try:
            left, right = Decimal(left), Decimal(right)
        except InvalidOperation:
            left, right = str(left), str(right)
    return int(left > right) - int(left < right)
