"""Condition operators, one by one; pure.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and reference_policies_condition-single-vs-multi-valued-context-keys.html:

* a key that the request has not makes a condition false, and true where the operator is a negation;
* several values in a policy are alternatives, and for a negation none of them may match;
* ``…IfExists`` is true where the key is absent, and so is ``ForAllValues:``; ``ForAnyValue:`` is
  false there.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from .matching import filled, is_arn_like, is_like, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .matching import Context

_FORM = re.compile(r"(ForAllValues:|ForAnyValue:)?(\w+?)(IfExists)?")
ALL, ANY = "ForAllValues:", "ForAnyValue:"


@dataclass(frozen=True)
class Condition:
    """One key under one operator.

    Attributes:
        operator: its name without what surrounds it, e.g. ``StringEquals``.
        key: in lower case.
        values: what the policy says, variables unfilled.
        quantifier: ``ForAllValues:``, ``ForAnyValue:`` or nothing.
        if_exists: whether an absent key is enough.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str = ""
    if_exists: bool = False

    def holds(self, context: Context, *, variables: bool = True) -> bool:
        """Whether it is met.

        Args:
            context: keys in lower case to their values.
            variables: whether ``${…}`` means something, as in policies of 2012.
        """
        given = context.get(self.key)
        if self.operator == "Null":
            return any((given is None) == (value.lower() == "true") for value in self.values)
        negated = "Not" in self.operator
        if given is None:
            return self.if_exists or self.quantifier == ALL or (negated and not self.quantifier)
        wanted = [filled(value, context) if variables else value for value in self.values]
        test = TESTS[self.operator.replace("Not", "", 1)]
        found = [self._fits(test, one, wanted) != negated for one in given]
        return (
            all(found)
            if self.quantifier == ALL or (negated and not self.quantifier)
            else any(found)
        )

    @staticmethod
    def _fits(test: Callable[[str, str], bool], given: str, wanted: list[str | None]) -> bool:
        return any(one is not None and test(given, one) for one in wanted)


def read(conditions: Mapping[str, Mapping[str, Any]]) -> tuple[Condition, ...]:
    """The conditions of a statement, all of which must hold.

    Args:
        conditions: the statement's Condition, whose operators the grammar knows.
    """
    found = []
    for name, terms in conditions.items():
        form = _FORM.fullmatch(name)
        quantifier, operator, if_exists = form.groups() if form else ("", name, None)
        for key, values in terms.items():
            listed = values if isinstance(values, list) else [values]
            texts = tuple(_text(value) for value in listed)
            found.append(
                Condition(operator, key.lower(), texts, quantifier or "", if_exists is not None)
            )
    return tuple(found)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _moment(text: str) -> datetime | None:
    """A time in ISO 8601 or as seconds since 1970."""
    if (number := _number(text)) is not None:
        return datetime.fromtimestamp(float(number), timezone.utc)
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _ordered(read_as: Any, holds: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    """A comparison of two texts as something that has an order; what is none does not match."""

    def test(given: str, wanted: str) -> bool:
        left, right = read_as(given), read_as(plain(wanted))
        return left is not None and right is not None and holds(left, right)

    return test


def _in_network(given: str, wanted: str) -> bool:
    try:
        return ip_address(given) in ip_network(plain(wanted), strict=False)
    except ValueError:
        return False


def _same_bytes(given: str, wanted: str) -> bool:
    try:
        return base64.b64decode(given, validate=True) == base64.b64decode(wanted, validate=True)
    except binascii.Error:
        return False


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda given, wanted: given == wanted,
    "LessThan": lambda given, wanted: given < wanted,
    "LessThanEquals": lambda given, wanted: given <= wanted,
    "GreaterThan": lambda given, wanted: given > wanted,
    "GreaterThanEquals": lambda given, wanted: given >= wanted,
}
TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda given, wanted: given == plain(wanted),
    "StringEqualsIgnoreCase": lambda given, wanted: given.lower() == plain(wanted).lower(),
    "StringLike": is_like,
    "ArnEquals": is_arn_like,  # AWS: ArnEquals and ArnLike behave identically
    "ArnLike": is_arn_like,
    "Bool": lambda given, wanted: given.lower() == wanted.lower(),
    "BinaryEquals": _same_bytes,
    "IpAddress": _in_network,
    **{f"Numeric{name}": _ordered(_number, test) for name, test in COMPARISONS.items()},
    **{f"Date{name}": _ordered(_moment, test) for name, test in COMPARISONS.items()},
}
"""Operators that are no negations."""
