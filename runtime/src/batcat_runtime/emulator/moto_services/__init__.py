"""What moto answers here: operation by operation, and member by member of each request.

Only what moto carries out honestly is listed; every other operation, parameter or value is
refused by name, so what a new botocore brings is refused until someone has looked at it.
Read against moto 5.2.5; look again when the pin moves.

Each operation names its members by their paths in botocore's model, lists left out:
``Tags.Key`` for the keys of a list of tags. ``State=ENABLED|DISABLED`` lets only those values
through.
"""

from __future__ import annotations

from typing import Any

from . import ecr, events, iam, kms, logs, s3, secretsmanager, sns, sqs, stepfunctions, sts

_LISTS: dict[str, dict[str, str]] = {
    "s3": s3.OPERATIONS,
    "iam": iam.OPERATIONS,
    "sts": sts.OPERATIONS,
    "logs": logs.OPERATIONS,
    "stepfunctions": stepfunctions.OPERATIONS,
    "events": events.OPERATIONS,
    "secretsmanager": secretsmanager.OPERATIONS,
    "ecr": ecr.OPERATIONS,
    "kms": kms.OPERATIONS,
    "sns": sns.OPERATIONS,
    "sqs": sqs.OPERATIONS,
}

MOTO_OPERATIONS: dict[str, frozenset[str]] = {
    service: frozenset(operations) for service, operations in _LISTS.items()
}
"""Service to the operations that are let through."""


def accepted(service: str, operation: str) -> dict[str, tuple[str, ...]]:
    """The members of an operation that have their effect.

    Args:
        service: botocore's name of the service.
        operation: one of its ``MOTO_OPERATIONS``.

    Returns:
        Path of each member to the values let through; none means all.
    """
    members = {}
    for item in _LISTS[service][operation].split():
        path, _, values = item.partition("=")
        members[path] = tuple(values.split("|")) if values else ()
    return members


def refused(
    shape: Any, parameters: dict[str, Any], members: dict[str, tuple[str, ...]]
) -> list[str]:
    """Names of what a request says and moto would forget.

    Args:
        shape: botocore's input shape, or None for an operation without input.
        parameters: the request.
        members: what :func:`accepted` says of the operation.
    """
    found: list[str] = []
    if shape is not None:
        _walk(shape, parameters, "", members, found)
    return list(dict.fromkeys(found))


def _walk(
    shape: Any, value: Any, path: str, members: dict[str, tuple[str, ...]], found: list[str]
) -> None:
    if value is None:
        return
    if shape.type_name == "structure" and value:
        for name, inner in value.items():
            _walk(shape.members[name], inner, f"{path}.{name}" if path else name, members, found)
    elif shape.type_name == "list" and value:
        for inner in value:
            _walk(shape.member, inner, path, members, found)
    elif path and not any(known == path or known.startswith(f"{path}.") for known in members):
        found.append(path)
    elif members.get(path) and shown(value) not in members[path]:
        found.append(f"{path}={shown(value)}")


def shown(value: Any) -> str:
    """A value as the lists write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
