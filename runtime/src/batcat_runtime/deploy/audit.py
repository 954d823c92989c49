"""What a stack's roles may do, beside what they did: grants that nothing used, and denials.

The roles and their policies are read over IAM's API; what was decided for them is asked of the
local AWS. What AWS needs beyond a run there is explained in the template, beside the role::

    Metadata:
      batcat:
        needed-in-aws:
          Sid: why the whole statement is needed
          Sid/service:Action: why this action of it is
          Sid/end-of-a-resource: why this resource of it is
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from batcat_runtime import aws
from batcat_runtime.errors import ConfigError

from .stack import deployed_stack, resources, template_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .project import Project

DECISIONS = "/_batcat/decisions"
"""Where the local AWS tells what it decided."""

USED, IN_PART, NEVER = "used", "in part", "never"
SECONDS = 30


@dataclass(frozen=True)
class Grant:
    """A statement that allows something.

    Attributes:
        role: logical id of the role.
        policy: name, or ARN if it is attached.
        sid: of the statement, or its number.
        actions: what it allows.
        resources: on what.
        unused: actions and resources that nothing used, and for which nothing is said.
        explained: those that nothing used, and why they are needed in AWS.
        used: whether it was used at all.
    """

    role: str
    policy: str
    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    unused: tuple[str, ...]
    explained: Mapping[str, str]
    used: bool

    @property
    def state(self) -> str:
        """``used``, ``in part`` or ``never``."""
        if not self.used:
            return NEVER
        return IN_PART if self.unused or self.explained else USED


@dataclass(frozen=True)
class Denial:
    """Something that a role wanted and may not.

    Attributes:
        role: its ARN.
        action: what.
        resource: on what.
        why: AWS's words for it.
        times: how often.
    """

    role: str
    action: str
    resource: str
    why: str
    times: int


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes:
        grants: every statement that allows something.
        denials: everything that was denied.
        pointless: explanations of what is not granted at all, ``role: name``.
    """

    grants: tuple[Grant, ...]
    denials: tuple[Denial, ...]
    pointless: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is lacking, and nothing granted without use or reason."""
        return not (self.denials or self.pointless or any(one.unused for one in self.grants))


@dataclass(frozen=True)
class Role:
    """A role as the stack made it.

    Attributes:
        logical: name in the template.
        arn: its ARN.
        policies: name or ARN to document.
        reasons: what is needed in AWS, and why.
        left_out: statements of the template that its conditions leave out of this stack.
    """

    logical: str
    arn: str
    policies: Mapping[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()


def read_audit(project: Project, endpoint: str) -> Audit:
    """Read the roles and what was decided for them.

    Args:
        project: deployed on a local AWS.
        endpoint: the local AWS.

    Raises:
        ConfigError: the environment is an account, which keeps no such record.
        MissingError: nothing is deployed.
    """
    if not project.is_local:
        raise ConfigError(
            f"environment {project.environment} is an account, where nothing tells which statement "
            "let a call pass; audit a run on the local AWS, and look at IAM's access advisor for "
            "what the role used lately: aws iam generate-service-last-accessed-details "
            "--granularity ACTION_LEVEL --arn <role>",
        )
    stack = deployed_stack(project)
    with aws.explained(f"read the roles of stack {stack.name}", "deploy it"):
        roles = list(_roles(stack.name, project.region))
    with urlopen(endpoint.rstrip("/") + DECISIONS, timeout=SECONDS) as answer:  # noqa: S310 - of this machine
        decided = json.load(answer)
    return join(roles, decided)


def join(roles: Iterable[Role], decided: Mapping[str, Any]) -> Audit:
    """Say of each statement what of it was used.

    Args:
        roles: with their policies.
        decided: ``used`` and ``denied``, as the local AWS tells them.
    """
    grants, pointless = [], []
    for role in roles:
        used = [one for one in decided["used"] if one["role"] == role.arn]
        own = [
            _grant(role, policy, number, statement, used)
            for policy, document in role.policies.items()
            for number, statement in enumerate(_listed(document["Statement"]))
            if statement["Effect"] == "Allow"
        ]
        grants += own
        pointless += [
            f"{role.logical}: {name}"
            for name in role.reasons
            if name.partition("/")[0] not in role.left_out
            and not any(_is_about(name, grant) for grant in own)
        ]
    denials = tuple(Denial(**one) for one in decided["denied"])
    return Audit(tuple(grants), denials, tuple(pointless))


def _grant(
    role: Role, policy: str, number: int, statement: Mapping[str, Any], used: list[Any]
) -> Grant:
    # A policy may have changed since: its statement was used if it has the same place and name.
    place = (policy, number, statement.get("Sid", ""))
    found = [one for one in used if (one["policy"], one["statement"], one["sid"]) == place]
    actions = _texts(statement, "Action")
    places = _texts(statement, "Resource")
    idle = [one for one in actions if not any(_fits(use["action"], one) for use in found)]
    touched = [resource for use in found for resource in use["resources"]]
    idle += [one for one in places if found and not any(_fits(each, one) for each in touched)]
    sid = statement.get("Sid") or str(number)
    reasons = {one: reason for one in idle if (reason := _reason(role.reasons, sid, one))}
    return Grant(
        role=role.logical,
        policy=policy,
        sid=sid,
        actions=actions,
        resources=places,
        unused=tuple(one for one in idle if one not in reasons),
        explained=reasons,
        used=bool(found),
    )


def _reason(reasons: Mapping[str, str], sid: str, what: str) -> str | None:
    """Why something is needed, said of it or of the whole statement."""
    for name, reason in reasons.items():
        whose, _, part = name.partition("/")
        if whose == sid and (not part or what == part or what.endswith(f"/{part}")):
            return reason
        if whose == sid and what.startswith("arn:") and what.endswith(f":{part}"):
            return reason
    return None


def _is_about(name: str, grant: Grant) -> bool:
    sid = name.partition("/")[0]
    things = (*grant.actions, *grant.resources)
    return grant.sid == sid and any(_reason({name: "yes"}, sid, one) for one in things)


def _texts(statement: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Actions or resources; those of a negation are taken as one that is always used in full."""
    return tuple(str(one) for one in _listed(statement.get(name, "*")))


def _fits(value: str, pattern: str) -> bool:
    """Whether a pattern of a policy means a value; a variable means anything."""
    words = re.split(r"(\*|\?|\$\{[^}]*\})", pattern)
    known = {"*": ".*", "?": "."}
    text = "".join(
        ".*" if word.startswith("${") else known.get(word) or re.escape(word) for word in words
    )
    return re.fullmatch(text, value, re.IGNORECASE | re.DOTALL) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _roles(stack: str, region: str) -> Iterable[Role]:
    """Every role that a stack made, with what its template says of it."""
    template = template_of(stack, region, "Processed")
    iam = aws.client("iam", region)
    for logical, resource in resources(stack, region).items():
        if resource["type"] != "AWS::IAM::Role":
            continue
        name = resource["physical"]
        declared = template["Resources"].get(logical, {})
        metadata = (declared.get("Metadata") or {}).get("batcat") or {}
        policies = dict(_policies(iam, name))
        yield Role(
            logical,
            iam.get_role(RoleName=name)["Role"]["Arn"],
            policies,
            metadata.get("needed-in-aws") or {},
            frozenset(_sids(declared)) - frozenset(_sids(policies)),
        )


def _sids(part: Any) -> Iterable[str]:
    """Names of all statements, wherever they stand."""
    if isinstance(part, dict):
        if isinstance(part.get("Sid"), str):
            yield part["Sid"]
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        yield from _sids(inner)


def _policies(iam: Any, role: str) -> Iterable[tuple[str, Any]]:
    """The policies of a role's own by name, and those that are attached by ARN."""
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            yield name, iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        for one in page["AttachedPolicies"]:
            arn = one["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)
            yield arn, document["PolicyVersion"]["Document"]
