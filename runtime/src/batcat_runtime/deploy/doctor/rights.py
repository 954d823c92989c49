"""What the caller may do, simulated by IAM: nothing is tried out.

Source: AWS IAM API Reference, SimulatePrincipalPolicy. It evaluates the policies of a user or role,
its boundary and those of the organisation; policies of buckets and keys are not in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import AccessError

from .buckets import bucket_is_made
from .finding import FAILED, OK, WARNING, Finding, NotLooked, statement
from .needs import TRUTH, Need, condition, needs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .seen import Seen

_SESSION = re.compile(
    r"arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/"
)


def check_rights(seen: Seen) -> Iterator[Finding]:
    """The caller may deploy, run and remove the project."""
    caller, project = seen.caller(), seen.project
    if project.is_local:
        raise NotLooked("not emulated: a local AWS lets whoever starts it do everything")
    if caller.arn.endswith(":root"):
        yield Finding("rights", OK, "the root user may do everything", caller.arn)
        return
    principal = _principal(caller.arn, project.region)
    makes = bucket_is_made(seen)
    wanted = needs(project, caller.account, caller.partition, makes_bucket=makes)
    denied = list(simulate("rights", principal, wanted, project.region))
    yield from denied
    if not denied:
        count = sum(len(need.actions) for need in wanted)
        text = f"may deploy, run and remove the project ({count} rights simulated)"
        yield Finding("rights", OK, text, principal)


def simulate(check: str, principal: str, wanted: Iterable[Need], region: str) -> Iterator[Finding]:
    """Ask IAM for each need whether a principal has it.

    Args:
        check: name of the check.
        principal: ARN of a user or role.
        wanted: the needs.
        region: AWS region.

    Yields:
        A failure for each need that is not met in full.
    """
    pages = aws.client("iam", region).get_paginator("simulate_principal_policy")
    for need in wanted:
        with aws.explained(f"simulate the rights of {principal}", "check its name"):
            results = [
                result
                for page in pages.paginate(
                    PolicySourceArn=principal,
                    ActionNames=list(need.actions),
                    ResourceArns=list(need.resources),
                    ContextEntries=[
                        {
                            "ContextKeyName": key,
                            "ContextKeyValues": [value],
                            "ContextKeyType": "boolean" if value in TRUTH else "string",
                        }
                        for key, value in need.context.items()
                    ],
                )
                for result in page["EvaluationResults"]
            ]
        denied = [result for result in results if result["EvalDecision"] != "allowed"]
        if denied:
            yield _denial(check, principal, need, denied)


def _denial(check: str, principal: str, need: Need, denied: list[dict[str, Any]]) -> Finding:
    actions = sorted({result["EvalActionName"] for result in denied})
    text = f"may not {need.why}: {', '.join(actions)}"
    mend = statement(actions, list(need.resources), condition(need))
    if any(_is_cut(result, "OrganizationsDecisionDetail", "Organizations") for result in denied):
        text += "; a policy of the organisation forbids it"
        mend = f"ask whoever keeps the organisation's policies to allow: {mend}"
    elif any(
        _is_cut(result, "PermissionsBoundaryDecisionDetail", "PermissionsBoundary")
        for result in denied
    ):
        text += "; the permissions boundary forbids it"
        mend = f"add to the boundary of {principal}, too: {mend}"
    elif any(result["EvalDecision"] == "explicitDeny" for result in denied):
        text += "; a statement denies it expressly"
        mend = f"take the Deny away, and allow: {mend}"
    if need.only_down:
        return Finding(check, WARNING, f"{text}; only batcat down needs it", principal, mend)
    return Finding(check, FAILED, text, principal, mend)


def _is_cut(result: dict[str, Any], detail: str, by: str) -> bool:
    return result.get(detail, {}).get(f"AllowedBy{by}") is False


def _principal(arn: str, region: str) -> str:
    """The user or role behind a caller; IAM simulates no sessions."""
    session = _SESSION.match(arn)
    if session is None:
        if ":user/" in arn or ":role/" in arn:
            return arn
        raise NotLooked(f"IAM simulates users and roles, not {arn}")
    # A session's ARN leaves out the path of its role, which only IAM knows.
    try:
        with aws.explained(f"look at role {session['role']}", "check its name"):
            role = aws.client("iam", region).get_role(RoleName=session["role"])["Role"]
    except AccessError:
        return f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}"
    return str(role["Arn"])
