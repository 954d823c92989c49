"""The role that the configuration names: who may assume it, and whether it may do what it must.

What it must is what the template would give the roles that it makes itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.deploy import cfn_yaml
from batcat_runtime.deploy.artifacts import Account
from batcat_runtime.deploy.plan import settings
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

_DISPENSABLE = ("DeliverLogs", "ReportUse")
"""Statements that a named role may lack: its workflow then delivers no logs, and its jobs tell no
metrics of their machines."""


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
    values |= settings(project, Account(account, project.region))
    values |= {
        "AWS::AccountId": account,
        "AWS::Partition": project.partition,
        "AWS::Region": project.region,
        "Topic": f"arn:{project.partition}:sns:{project.region}:{account}:{project.stack}-Topic-*",
    }
    told = _Told(values, template.get("Conditions", {}), role)
    for resource in (template.get("Resources") or {}).values():
        properties = resource.get("Properties") or {}
        if resource.get("Type") != "AWS::IAM::Role" or not any(
            _trusts(properties.get("AssumeRolePolicyDocument", {}), one) for one in services
        ):
            continue
        for policy in properties.get("Policies", []):
            for statement in policy.get("PolicyDocument", {}).get("Statement", []):
                need = _need(told.chosen(statement), told)
                if need is not None:
                    yield need


def _need(statement: Any, told: _Told) -> Need | None:
    """One statement; None where a named role does without, or its resources are not known."""
    if statement.get("Effect") != "Allow" or statement.get("Sid") in _DISPENSABLE:
        return None
    found = [told.text(one) for one in _listed(statement.get("Resource", []))]
    resources = tuple(one for one in found if one)
    if not resources:
        return None
    conditions = statement.get("Condition", {})
    equals = {**conditions.get("StringEquals", {}), **conditions.get("Bool", {})}
    context = {
        key: value for key, value in equals.items() if isinstance(value, str) and "$" not in value
    }
    actions = tuple(_listed(statement["Action"]))
    return Need(statement.get("Sid", "do its work"), actions, resources, context)


@dataclass(frozen=True)
class _Told:
    """What is known of a template before CloudFormation reads it: its parameters' values."""

    values: dict[str, str]
    conditions: dict[str, Any]
    role: str

    def chosen(self, value: Any) -> Any:
        """The side of an ``Fn::If`` that holds; anything else as it is."""
        while isinstance(value, dict) and "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            value = then if self.holds(self.conditions[condition]) else otherwise
        return value

    def holds(self, condition: Any) -> bool:
        """Whether a condition is met."""
        ((kind, parts),) = condition.items()
        if kind == "Condition":
            return self.holds(self.conditions[parts])
        if kind == "Fn::Equals":
            first, second = (self.text(part) for part in parts)
            return first == second
        if kind == "Fn::Not":
            return not self.holds(parts[0])
        return (all if kind == "Fn::And" else any)(self.holds(part) for part in parts)

    def text(self, value: Any) -> str:
        """What an intrinsic function gives; nothing when it takes CloudFormation to know."""
        value = self.chosen(value)
        if not isinstance(value, dict):
            return str(value)
        if "Ref" in value:
            return self.values.get(value["Ref"], "")
        if "Fn::GetAtt" in value:
            name, attribute = value["Fn::GetAtt"]
            return self.role if attribute == "Arn" and "Role" in name else ""
        text = value.get("Fn::Sub", "")
        if not isinstance(text, str):
            return ""
        names = re.findall(r"\$\{([^}]+)\}", text)
        if any(name not in self.values for name in names):
            return ""
        return re.sub(r"\$\{([^}]+)\}", lambda found: self.values[found[1]], text)


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
