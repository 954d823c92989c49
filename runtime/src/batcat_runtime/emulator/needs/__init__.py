"""What each operation needs: its actions, their resources and condition keys.

One module per service. ``PREFIX`` is its name in actions; ``RESOURCES`` names the resources of each
operation, in the words of :meth:`~.asked.Asked.filled`, blanks between several; an empty text means
that the operation needs no permission. The action is the operation's own name unless ``ACTIONS``
has another. ``MORE`` has functions that give what is needed besides, ``INSTEAD`` functions that
give everything, ``keys`` the service's condition keys.

Source of actions, resources and keys: the Service Authorization Reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/), against which
``runtime/tests/emulator/iam/test_needs.py`` holds these tables; what is needed besides is said
where it is listed. Some operations that list have a resource in AWS's denials where the reference
has none (the test names them): it is the one decided on here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import NotEmulated

from . import (
    athena,
    budgets,
    cloudformation,
    cloudwatch,
    ecr,
    events,
    glue,
    iam,
    kms,
    lambda_,
    logs,
    redshift,
    redshift_data,
    redshift_serverless,
    resourcegroupstaggingapi,
    s3,
    sagemaker,
    scheduler,
    secretsmanager,
    sns,
    sqs,
    stepfunctions,
    sts,
)
from .asked import Asked, Need, tag_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICES: dict[str, Any] = {
    "athena": athena,
    "budgets": budgets,
    "cloudformation": cloudformation,
    "cloudwatch": cloudwatch,
    "ecr": ecr,
    "events": events,
    "glue": glue,
    "iam": iam,
    "kms": kms,
    "lambda": lambda_,
    "logs": logs,
    "redshift": redshift,
    "redshift-data": redshift_data,
    "redshift-serverless": redshift_serverless,
    "resourcegroupstaggingapi": resourcegroupstaggingapi,
    "s3": s3,
    "sagemaker": sagemaker,
    "scheduler": scheduler,
    "secretsmanager": secretsmanager,
    "sns": sns,
    "sqs": sqs,
    "stepfunctions": stepfunctions,
    "sts": sts,
}
"""By botocore's name."""

KEYS: frozenset[str] = frozenset().union(
    *(getattr(module, "KEYS", ()) for module in (*SERVICES.values(), kms))
)
"""Condition keys of services that are known here, in lower case."""


def prefix_of(service: str) -> str:
    """A service's name in actions."""
    module = SERVICES.get(service)
    return str(module.PREFIX) if module else service


def needs_of(service: str, asked: Asked) -> list[Need]:
    """Everything that a request needs.

    Args:
        service: botocore's name.
        asked: the request.

    Raises:
        NotEmulated: no table says it.
    """
    module = SERVICES.get(service)
    operation = asked.operation
    instead = getattr(module, "INSTEAD", {}).get(operation)
    if instead is not None:
        return list(instead(asked))
    if module is None or operation not in module.RESOURCES:
        raise NotEmulated(f"the permission that a role needs for {service} {operation}")
    action = getattr(module, "ACTIONS", {}).get(operation, operation)
    found = asked.needs(action, *module.RESOURCES[operation].split())
    more = getattr(module, "MORE", {}).get(operation)
    return found + (list(more(asked)) if more else [])


def keys_of(service: str, asked: Asked) -> Mapping[str, tuple[str, ...]]:
    """Condition keys that a request gives, in lower case."""
    own = getattr(SERVICES.get(service), "keys", None)
    return {**tag_keys(asked.parameters), **(own(asked) if own else {})}


__all__ = ["SERVICES", "Asked", "Need", "keys_of", "needs_of", "prefix_of"]
