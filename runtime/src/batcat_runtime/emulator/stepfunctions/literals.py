r"""Texts and numbers of a definition are what JSON says they are, whoever reads others meanwhile.

moto keeps the escapes of most strings as they are written, reads others as Python would, and its
grammar does not know every number: ``"\u00e9"`` becomes ``u00e9`` and ``1e3`` breaks it. All its
readers note in one list which query language they are in, so that of two executions that begin at
once, one takes the other's language for its own, and never ends.
"""

from __future__ import annotations

import json
from typing import Any

from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlt4utils.antlr4utils import is_terminal
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from batcat_runtime.emulator.patching import replace


def patch() -> None:
    """Replace how the engine reads a definition's literals."""
    parse = AmazonStateLanguageParser.parse

    def parse_plain(definition: str) -> Any:
        return parse(json.dumps(json.loads(definition), ensure_ascii=False))

    replace(AmazonStateLanguageParser, parse=staticmethod(parse_plain))
    replace(preprocessor, from_string_literal=text_of)
    replace(
        preprocessor.Preprocessor,
        __init__=_begin,
        _inner_string_of=staticmethod(text_of),
    )


def _begin(reader: Any) -> None:
    reader._query_language_per_scope = []  # noqa: SLF001 - the patch


def text_of(parser_rule_context: Any) -> str | None:
    """The text of a JSON string, None of ``null``.

    Args:
        parser_rule_context: the engine's node of the string.
    """
    if is_terminal(parser_rule_context, ASLLexer.NULL):
        return None
    text = str(parser_rule_context.getText())
    return str(json.loads(text)) if text.startswith('"') else text
