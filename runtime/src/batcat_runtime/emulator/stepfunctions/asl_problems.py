"""Problems of a definition, and what every check of it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import asl_fields as fields
from . import intrinsic_calls
from .paths import steps

if TYPE_CHECKING:
    from collections.abc import Collection

INVALID_JSON = "INVALID_JSON_DESCRIPTION"
SCHEMA = "SCHEMA_VALIDATION_FAILED"
MISSING_TARGET = "MISSING_TRANSITION_TARGET"
NOT_EMULATED = "NOT_EMULATED"

VARIABLE = re.compile(r"^\$[A-Za-z_]")
JSONATA_STRING = re.compile(r"^\{%(.*)%\}$", re.DOTALL)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a definition.

    Attributes:
        code: e.g. ``MISSING_TRANSITION_TARGET``; ``NOT_EMULATED`` for what only AWS does.
        message: what is wrong.
        path: where, e.g. ``/States/A/Next``.
    """

    code: str
    message: str
    path: str

    def __str__(self) -> str:
        """As AWS strings problems together in an InvalidDefinition."""
        return f"{self.code}: {self.message} at {self.path}"


@dataclass
class Checker:
    """Collects problems.

    Attributes:
        region: where the state machine is to live.
        problems: what was found so far.
    """

    region: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, code: str, message: str, path: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(code, message, path or "/"))

    def schema(self, message: str, path: str) -> None:
        """Note a problem of form."""
        self.add(SCHEMA, message, path)

    def not_emulated(self, what: str, path: str, instead: str = "") -> None:
        """Note what AWS would do and the local AWS does not."""
        hint = f" ({instead})" if instead else ""
        self.add(NOT_EMULATED, f"{what} is not emulated by batcat local{hint}", path)

    def known(self, document: dict[str, Any], allowed: Collection[str], path: str) -> None:
        """Note every field that does not belong here."""
        for name in document:
            if name not in allowed:
                self.schema(f'Field "{name}" is not supported here', f"{path}/{name}")

    def language(self, document: dict[str, Any], inherited: str, path: str) -> str:
        """Query language of a document: its own, or the one around it."""
        own = document.get("QueryLanguage", inherited)
        if own not in (fields.JSONPATH, fields.JSONATA):
            self.schema('QueryLanguage must be "JSONPath" or "JSONata"', f"{path}/QueryLanguage")
            return inherited
        if inherited == fields.JSONATA and own == fields.JSONPATH:
            message = "A JSONPath state cannot be part of a JSONata state machine"
            self.schema(message, f"{path}/QueryLanguage")
        return str(own)

    def positive_integer(self, value: Any, path: str, least: int = 1) -> bool:
        """Note a value that is not an integer of at least ``least``; say whether it is one."""
        right = isinstance(value, int) and not isinstance(value, bool) and value >= least
        if not right:
            self.schema(f"The value must be an integer of at least {least}", path)
        return right

    def json_path(self, value: Any, path: str, name: str, allowed: str = "a JSONPath") -> None:
        """Note a value that is no JSONPath the engine can follow.

        Args:
            value: the value.
            path: where it is.
            name: the field it is the value of.
            allowed: what the message says it must be.
        """
        if not isinstance(value, str) or not value.startswith("$"):
            self.schema(f'The value for the field "{name}" must be {allowed}', path)
            return
        bare = value[1:] if value.startswith("$$") else value
        if VARIABLE.match(value) or steps(bare) is not None:
            return
        from jsonpath_ng.exceptions import JSONPathError
        from jsonpath_ng.ext.parser import parse

        try:
            parse(bare)
        except JSONPathError as error:
            self.schema(f'The value for the field "{name}" is not a JSONPath: {error}', path)

    def result_path(self, document: dict[str, Any], path: str) -> None:
        """Note a ResultPath that is neither null nor the name of one place in the input."""
        value = document.get("ResultPath")
        if value is not None and (
            not isinstance(value, str) or not value.startswith("$") or steps(value) is None
        ):
            message = 'The value for the field "ResultPath" must be a reference path or null'
            self.schema(message, f"{path}/ResultPath")

    def intrinsic(self, value: str, path: str, name: str) -> None:
        """Note what is wrong with a call of an intrinsic function, and with paths in it."""
        try:
            call = intrinsic_calls.parse(value)
        except ValueError as error:
            message = f'The value for the field "{name}" is not a valid intrinsic function call'
            self.schema(f"{message}: {error}", path)
            return
        for inner in intrinsic_calls.paths(call):
            self.json_path(inner, path, name)

    def jsonata(self, text: str, path: str) -> None:
        """Note a JSONata string that is not closed or does not parse."""
        if not text.startswith("{%"):
            return
        match = JSONATA_STRING.match(text)
        if match is None:
            self.schema("A JSONata expression starts with {% and ends with %}", path)
            return
        from jsonata import Jsonata

        try:
            Jsonata(match.group(1))
        except Exception as error:  # noqa: BLE001 - the parser lets Python's own errors through
            self.schema(f"The JSONata expression is not valid: {error}", path)
