"""What moto answers here: operation by operation, and member by member of each request.

Only what moto carries out honestly is listed; every other operation, parameter or value is
refused by name, so what a new botocore brings is refused until someone has looked at it.
Read against moto 5.2.5; look again when the pin moves.

Each operation names its members by their paths in botocore's model, lists left out:
``Tags.Key`` for the keys of a list of tags. ``State=ENABLED|DISABLED`` lets only those values
through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import ecr, events, iam, kms, logs, s3, secretsmanager, sns, sqs, stepfunctions, sts

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        for path, value in _leaves(shape, parameters, "", {}):
            if path and not any(known == path or known.startswith(f"{path}.") for known in members):
                found.append(path)
            elif members.get(path) and shown(value) not in members[path]:
                found.append(f"{path}={shown(value)}")
    return list(dict.fromkeys(found))


def _leaves(shape: Any, value: Any, path: str, above: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Each path that a request says, and its value; inside itself a shape has its outer path."""
    if value is None:
        return
    if shape.type_name == "structure" and value:
        path = above.get(shape.name, path)
        for name, inner in value.items():
            below = f"{path}.{name}" if path else name
            yield from _leaves(shape.members[name], inner, below, {**above, shape.name: path})
    elif shape.type_name == "list" and value:
        for inner in value:
            yield from _leaves(shape.member, inner, path, above)
    else:
        yield path, value


def shown(value: Any) -> str:
    """A value as the lists write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
