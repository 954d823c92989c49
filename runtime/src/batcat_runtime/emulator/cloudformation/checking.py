"""The process that knows cfn-lint and the SAM translator: ``python -m`` this module.

They take two seconds and 130 MB to load, so they live in a process of their own, which loads while
the server does and goes when it has nothing to do. It answers one JSON line with another:
``{"do": "findings", …}`` → ``{"result": …}``.
"""

from __future__ import annotations

import gc
import json
import signal
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def findings(body: str, region: str) -> list[str]:
    """Every error cfn-lint finds in a template, as ``[rule] message (at place, line n)``.

    What a tool has packaged is one line of JSON, whose number would tell nobody anything.
    """
    from cfnlint.decode.decode import decode_str

    template, matches = decode_str(body)
    if not matches:
        matches = list(_runner(region).validate_template(template))
    found = set()
    for match in matches:
        rule = match.rule.id
        if rule.startswith("E") and not _is_false(rule, match.message):
            place = "/".join(str(part) for part in getattr(match, "path", None) or ()) or "the top"
            line = f", line {match.linenumber}" if "\n" in body.strip() else ""
            found.add(f"[{rule}] {match.message} (at {place}{line})")
    return sorted(found)


FALSE_ALARMS: tuple[tuple[str, str, str], ...] = ()
"""Known false positives as (rule, part of the message, reason); none is known today."""


def _is_false(rule: str, message: str) -> bool:
    return any(rule == known and part in message for known, part, _ in FALSE_ALARMS)


@lru_cache(maxsize=4)
def _runner(region: str) -> Any:
    """cfn-lint with its rules loaded, which takes ten times as long as checking a template."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(regions=[region]))


def schema(region: str, resource_type: str) -> dict[str, Any]:
    """Resource provider schema of a type in a region; empty when there is none."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

    try:
        found = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, resource_type).schema
    except ResourceNotFoundError:
        return {}
    return dict(found)


def expanded(document: dict[str, Any], parameters: dict[str, Any], region: str) -> dict[str, Any]:
    """A serverless template as ``{"template": …}``, or ``{"errors": [messages]}``."""
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import (
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    # Generated logical ids hash the template as AWS's own runtime would.
    to_py27_compatible_template(document, parameters)
    translator = Translator(None, Parser(), boto_session=_Session(region))
    try:
        template = undo_mark_unicode_str_in_template(translator.translate(document, parameters))
    except InvalidDocumentException as error:
        return {"errors": [cause.message for cause in error.causes]}
    template.pop("Globals", None)
    return {"template": template}


class _Session:
    """All that the translator asks of a boto3 session."""

    def __init__(self, region: str) -> None:
        self.region_name = region


def warmed(region: str) -> bool:
    """Load everything that the first template needs."""
    # What is loaded stays for good; looking through it for garbage costs a tenth of the time.
    gc.disable()
    findings("Resources: {Warm: {Type: 'AWS::S3::Bucket'}}", region)
    import samtranslator.translator.transform  # noqa: F401 - imported for the effect

    gc.freeze()
    gc.enable()
    return True


def main() -> None:
    """Answer until the input ends; the server, not the terminal, says when to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    actions: dict[str, Callable[..., Any]] = {
        "findings": findings,
        "schema": schema,
        "expanded": expanded,
        "warmed": warmed,
    }
    answers = sys.stdout
    sys.stdout = sys.stderr  # What a library prints must not get between the answers.
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any]
        try:
            answer = {"result": actions[request.pop("do")](**request)}
        except Exception as error:  # noqa: BLE001 - the server must learn of any mistake here
            answer = {"failure": f"{type(error).__name__}: {error}"}
        try:
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
        except BrokenPipeError:  # The server is gone.
            return


if __name__ == "__main__":
    main()
