"""The role that the configuration names: who may assume it, and whether it may do what it must.

What it must is what the template would give the roles that it makes itself.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.deploy import cfn_yaml, sources
from batcat_runtime.deploy.project import CONFIG
from batcat_runtime.errors import MissingError

from .finding import FAILED, OK, Finding
from .needs import Need
from .rights import simulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .seen import Seen

ASSUMED_BY = {
    "workflow_execution_role": ("states.amazonaws.com", "sagemaker.amazonaws.com"),
    "trigger_role": ("lambda.amazonaws.com", "scheduler.amazonaws.com"),
}
"""Services that take a named role, so far as the template has a role for them."""


def check_role(seen: Seen) -> Iterator[Finding]:
    """Each named role exists, trusts its services, and may do what the template's own may."""
    named = {name: getattr(seen.project, name) for name in ASSUMED_BY}
    if not any(named.values()):
        yield Finding("role", OK, "none is named, so the stack makes its own roles", str(CONFIG))
    for name, arn in named.items():
        if arn:
            yield from _check(seen, name, arn)


def _check(seen: Seen, key: str, arn: str) -> Iterator[Finding]:
    project, services = seen.project, _services(seen, key)
    caller = seen.caller()
    name = arn.rpartition("/")[2]
    if arn.split(":")[4] != caller.account:
        text = f"the role is of another account than {caller.account}, so no service may take it"
        yield Finding("role", FAILED, text, arn, f"name a role of {caller.account} in {CONFIG}")
        return
    iam = aws.client("iam", project.region)
    try:
        with aws.explained(f"look at role {name}", f"correct it in {CONFIG}"):
            role = iam.get_role(RoleName=name)["Role"]
    except MissingError:
        mend = f"aws iam create-role, or take {key} out of {CONFIG}"
        yield Finding("role", FAILED, "there is no such role", arn, mend)
        return
    untrusted = [one for one in services if not _trusts(role["AssumeRolePolicyDocument"], one)]
    if untrusted:
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": untrusted},
            "Action": "sts:AssumeRole",
        }
        text = f"the role does not trust {', '.join(untrusted)}"
        mend = f"add to its trust policy: {json.dumps(trust)}"
        yield Finding("role", FAILED, text, arn, mend)
    wanted = list(role_needs(seen, caller.account, arn, services))
    denied = list(simulate("role", arn, wanted, project.region))
    yield from denied
    if not untrusted and not denied:
        count = sum(len(need.actions) for need in wanted)
        takers = " and ".join(services)
        text = f"trusts {takers} and may do what the stack's own would ({count} rights simulated)"
        yield Finding("role", OK, text, arn)


def _services(seen: Seen, key: str) -> tuple[str, ...]:
    """Services for which the template has a role of its own."""
    roles = [
        one.get("Properties", {}).get("AssumeRolePolicyDocument", {})
        for one in (cfn_yaml.load(seen.project.template).get("Resources") or {}).values()
        if one.get("Type") == "AWS::IAM::Role"
    ]
    return tuple(one for one in ASSUMED_BY[key] if any(_trusts(role, one) for role in roles))


def role_needs(seen: Seen, account: str, role: str, services: tuple[str, ...]) -> Iterator[Need]:
    """What the template's own roles for some services may do, as needs of the named one.

    Args:
        seen: the project.
        account: twelve digits.
        role: ARN of the named role.
        services: that take it.
    """
    project = seen.project
    template = cfn_yaml.load(project.template)
    values = {
        name: str(one.get("Default", "")) for name, one in template.get("Parameters", {}).items()
    }
    values |= sources.parameters(project)
    values |= {
        "Project": project.project,
        "Purpose": project.purpose,
        "ResultBucket": project.result_s3_bucket,
        "AWS::AccountId": account,
        "AWS::Partition": project.partition,
        "AWS::Region": project.region,
    }
    for resource in (template.get("Resources") or {}).values():
        properties = resource.get("Properties") or {}
        if resource.get("Type") != "AWS::IAM::Role" or not any(
            _trusts(properties.get("AssumeRolePolicyDocument", {}), one) for one in services
        ):
            continue
        for policy in properties.get("Policies", []):
            for statement in policy.get("PolicyDocument", {}).get("Statement", []):
                need = _need(statement, values, role)
                if need is not None:
                    yield need


def _need(statement: Any, values: dict[str, str], role: str) -> Need | None:
    """One statement; None when its resources are only known to CloudFormation."""
    if "Fn::If" in statement or statement.get("Effect") != "Allow":
        return None
    told = [_text(one, values, role) for one in _listed(statement.get("Resource", []))]
    resources = tuple(one for one in told if one)
    if not resources:
        return None
    equals = statement.get("Condition", {}).get("StringEquals", {})
    context = {
        key: value for key, value in equals.items() if isinstance(value, str) and "$" not in value
    }
    actions = tuple(_listed(statement["Action"]))
    return Need(statement.get("Sid", "do its work"), actions, resources, context)


def _text(value: Any, values: dict[str, str], role: str) -> str:
    """What an intrinsic function gives; nothing when it takes CloudFormation to know."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return values.get(value["Ref"], "")
    if "Fn::GetAtt" in value:
        return role if value["Fn::GetAtt"][-1] == "Arn" and "Role" in value["Fn::GetAtt"][0] else ""
    text = value.get("Fn::Sub", "")
    if not isinstance(text, str):
        return ""
    names = re.findall(r"\$\{([^}]+)\}", text)
    if any(name not in values for name in names):
        return ""
    return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], text)


def _trusts(document: dict[str, Any], service: str) -> bool:
    for statement in _listed(document.get("Statement", [])):
        principal = statement.get("Principal", {})
        named = _listed(principal.get("Service", [])) if isinstance(principal, dict) else []
        if (
            statement.get("Effect") == "Allow"
            and service in named
            and "sts:AssumeRole" in _listed(statement.get("Action", []))
        ):
            return True
    return False


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
