"""A function's resource policy: who may invoke it."""

from __future__ import annotations

import json
from typing import Any

CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
}
"""AddPermission's parameters and the condition each becomes (Developer Guide, policies)."""


def statement_of(request: dict[str, Any], arn: str) -> dict[str, Any]:
    """The policy statement that AddPermission adds."""
    principal = request["Principal"]
    who: Any = {"Service": principal} if "." in principal else {"AWS": principal}
    if principal == "*":
        who = "*"
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": who,
        "Action": request["Action"],
        "Resource": arn,
    }
    conditions: dict[str, dict[str, str]] = {}
    for name, (operator, key) in CONDITIONS.items():
        if request.get(name):
            conditions.setdefault(operator, {})[key] = request[name]
    return statement | ({"Condition": conditions} if conditions else {})


def document_of(statements: dict[str, dict[str, Any]]) -> str:
    """The whole policy as JSON text."""
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": list(statements.values())}
    return json.dumps(policy)
