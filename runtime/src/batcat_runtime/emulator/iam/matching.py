"""Patterns of policies: wildcards, and variables that stand for something of the request.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html and
reference_policies_elements_resource.html.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Context = Mapping[str, tuple[str, ...]]

VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"([^,\s]+)\s*,\s*'([^']*)'")
LITERALS = {"*": "\0star\0", "?": "\0mark\0", "$": "$"}
"""``${*}``, ``${?}`` and ``${$}`` mean the sign itself."""

ARN_PARTS = 6


def filled(text: str, context: Context) -> str | None:
    """A text with its variables replaced.

    A variable's value is taken as it is: a wildcard in it is no wildcard.

    Args:
        text: as the policy says it.
        context: keys in lower case to their values.

    Returns:
        The text, wildcards of values hidden as in :data:`LITERALS`; None when a variable stands for
        nothing, or for several values.
    """
    if "${" not in text:
        return text
    parts, end = [], 0
    for found in VARIABLE.finditer(text):
        value = _value(found[1], context)
        if value is None:
            return None
        parts += [text[end : found.start()], value]
        end = found.end()
    return "".join([*parts, text[end:]])


def keys_of(text: str) -> list[str]:
    """The keys, in lower case, that a text's variables name."""
    names = [name for name in VARIABLE.findall(text) if name not in LITERALS]
    return [
        (found[1] if (found := _DEFAULT.fullmatch(name)) else name).strip().lower()
        for name in names
    ]


def _value(name: str, context: Context) -> str | None:
    if name in LITERALS:
        return LITERALS[name]
    default = _DEFAULT.fullmatch(name)
    values = context.get((default[1] if default else name).strip().lower(), ())
    if len(values) == 1:
        return values[0].replace("*", LITERALS["*"]).replace("?", LITERALS["?"])
    return default[2] if default and not values else None


def plain(text: str) -> str:
    """A filled text where no wildcards count."""
    return text.replace(LITERALS["*"], "*").replace(LITERALS["?"], "?")


def is_like(value: str, pattern: str, *, ignore_case: bool = False) -> bool:
    """Whether a value fits a filled pattern with ``*`` and ``?``."""
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


def is_arn_like(value: str, pattern: str) -> bool:
    """Whether an ARN fits a pattern, part by part: a wildcard does not reach over a colon.

    The last part has colons of its own.
    """
    given, wanted = value.split(":", ARN_PARTS - 1), pattern.split(":", ARN_PARTS - 1)
    return len(given) == len(wanted) == ARN_PARTS and all(map(is_like, given, wanted))


@lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    words = re.split(r"([*?])", pattern)
    known = {"*": ".*", "?": "."}
    text = "".join(known.get(word) or re.escape(plain(word)) for word in words)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
