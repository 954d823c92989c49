"""The rule of a composite alarm: ``ALARM("a") AND NOT OK(b)``.

Source: AlarmRule of PutCompositeAlarm in the CloudWatch API reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = re.compile(
    r"""\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*
        (?:"(?P<quoted>[^"]+)"|'(?P<single>[^']+)'|(?P<plain>[^\s()"']+))\s*\)
        |(?P<word>AND|OR|NOT|TRUE|FALSE)\b|(?P<sign>[()]))""",
    re.VERBOSE,
)
MOST_CHILDREN = 100


class Rule:
    """A rule, read.

    Args:
        text: the rule.

    Raises:
        ServiceError: it cannot be read.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._at = 0
        self.alarms: list[str] = []
        self._tree = self._either()
        if self._at < len(self._tokens):
            raise self._wrong()
        if not 0 < len(set(self.alarms)) <= MOST_CHILDREN and not re.search("TRUE|FALSE", text):
            raise self._wrong()

    def holds(self, state_of: Callable[[str], str]) -> bool:
        """Whether the rule holds.

        Args:
            state_of: tells the state of an alarm by its name or ARN.
        """
        return _value(self._tree, state_of)

    def _split(self) -> list[dict[str, str]]:
        tokens, at = [], 0
        while self._text[at:].strip():
            match = TOKEN.match(self._text, at)
            if match is None:
                raise self._wrong()
            tokens.append({key: value for key, value in match.groupdict().items() if value})
            at = match.end()
        return tokens

    def _either(self) -> Any:
        return self._chain("OR", self._both)

    def _both(self) -> Any:
        return self._chain("AND", self._one)

    def _chain(self, word: str, part: Callable[[], Any]) -> Any:
        parts = [part()]
        while self._peek().get("word") == word:
            self._at += 1
            parts.append(part())
        return parts[0] if len(parts) == 1 else (word, *parts)

    def _one(self) -> Any:
        token = self._peek()
        self._at += 1
        if token.get("word") == "NOT":
            return ("NOT", self._one())
        if token.get("word") in ("TRUE", "FALSE"):
            return token["word"] == "TRUE"
        if token.get("sign") == "(":
            inner = self._either()
            if self._peek().get("sign") != ")":
                raise self._wrong()
            self._at += 1
            return inner
        if "state" in token:
            name = token.get("quoted") or token.get("single") or token["plain"]
            self.alarms.append(name)
            return ("IS", token["state"], name)
        raise self._wrong()

    def _peek(self) -> dict[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else {}

    def _wrong(self) -> ServiceError:
        return ServiceError(
            "ValidationError", f"AlarmRule must be a valid rule of alarms' states: {self._text}"
        )


def _value(tree: Any, state_of: Callable[[str], str]) -> bool:
    if isinstance(tree, bool):
        return tree
    word, *parts = tree
    if word == "IS":
        return bool(state_of(parts[1]) == parts[0])
    values = (_value(part, state_of) for part in parts)
    if word == "NOT":
        return not next(values)
    return all(values) if word == "AND" else any(values)
