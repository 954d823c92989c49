"""Expand a serverless template (SAM) into plain CloudFormation.

AWS runs the same open-source translator (aws-sam-translator) on its side of CreateChangeSet.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from threading import Lock
from typing import Any

from batcat_runtime.emulator.protocol import NotEmulated

from .errors import ValidationError
from .template import SERVERLESS, transforms

# The translator keeps the region in a class attribute; one template at a time.
_LOCK = Lock()


@dataclass(frozen=True)
class _Session:
    """All that the translator asks of a boto3 session."""

    region_name: str


def expand(
    document: dict[str, Any], parameters: dict[str, Any], partition: str, region: str
) -> dict[str, Any]:
    """The template without its serverless resources; other templates come back as they are.

    Args:
        document: parsed template; not changed.
        parameters: values of its parameters by name.
        partition: partition of the region.
        region: region the stack is in; decides partition and service defaults.

    Raises:
        ValidationError: the translator refuses the template.
        NotEmulated: it contains a nested application.
    """
    if SERVERLESS not in transforms(document):
        return document
    for name, resource in document["Resources"].items():
        if resource.get("Type") == "AWS::Serverless::Application":
            raise NotEmulated(f"AWS::Serverless::Application (resource {name})")
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import (
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    known = {**parameters, "AWS::Region": region, "AWS::Partition": partition}
    source = copy.deepcopy(document)
    try:
        with _LOCK:
            # Generated logical ids hash the template as AWS's own runtime would.
            to_py27_compatible_template(source, known)
            translator = Translator(None, Parser(), boto_session=_Session(region))
            expanded = translator.translate(source, known)
            result: dict[str, Any] = undo_mark_unicode_str_in_template(expanded)
    except InvalidDocumentException as error:
        causes = " ".join(cause.message for cause in error.causes)
        raise ValidationError(
            f"Transform {SERVERLESS} failed with: Invalid Serverless Application Specification "
            f"document. Number of errors found: {len(error.causes)}. {causes}"
        ) from error
    result.pop("Globals", None)
    return result
