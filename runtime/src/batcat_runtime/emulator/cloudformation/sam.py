"""Expand a serverless template (SAM) into plain CloudFormation.

AWS runs the same open-source translator (aws-sam-translator) on its side of CreateChangeSet.
"""

from __future__ import annotations

from typing import Any

from batcat_runtime.emulator.protocol import NotEmulated

from .checker import CHECKER
from .errors import ValidationError
from .template import SERVERLESS, transforms


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
    known = {**parameters, "AWS::Region": region, "AWS::Partition": partition}
    answer = CHECKER.ask("expanded", document=document, parameters=known, region=region)
    errors = answer.get("errors")
    if errors:
        raise ValidationError(
            f"Transform {SERVERLESS} failed with: Invalid Serverless Application Specification "
            f"document. Number of errors found: {len(errors)}. {' '.join(errors)}"
        )
    template: dict[str, Any] = answer["template"]
    return template
