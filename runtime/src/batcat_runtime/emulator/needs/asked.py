"""What a request asks for, and what it needs: the words that each service's table is written in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batcat_runtime.emulator.world import World

_PLACE = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")

Keys = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Need:
    """One permission.

    Attributes:
        action: e.g. ``s3:GetObject``.
        resource: ARN, or ``*`` where the action knows no resources.
        keys: condition keys of this need, in lower case.
        policy: the resource's own policy, as text.
        name: what the record and messages call that policy.
        shown: what a denial calls the resource, where it is not the ARN.
    """

    action: str
    resource: str
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    policy: str | None = None
    name: str = ""
    shown: str = ""


@dataclass(frozen=True)
class Asked:
    """A request, as the gateway has read it.

    Attributes:
        world: where it arrived.
        prefix: the service's name in actions and ARNs, e.g. ``states``.
        operation: e.g. ``StartExecution``.
        region: the client's.
        parameters: the request's members.
        user_id: ``aws:userid`` of who asks.
    """

    world: World
    prefix: str
    operation: str
    region: str
    parameters: Mapping[str, Any]
    user_id: str = ""

    def get(self, *path: str, default: Any = None) -> Any:
        """A member of a member; what is absent or empty gives the default."""
        value: Any = self.parameters
        for name in path:
            value = (value or {}).get(name)
        return default if value in (None, "", [], {}) else value

    def arn(self, resource: str, prefix: str | None = None, region: str | None = None) -> str:
        """An ARN in this account and, unless another is named, the request's region."""
        return self.world.arn(prefix or self.prefix, resource, region or self.region)

    def filled(self, template: str) -> str:
        """The ARN that a template names.

        Args:
            template: ``*``; or an ARN's last part with members in braces, ``{WorkGroup|primary}``
                having a default; a member that is an ARN itself is taken as it is.
        """
        if template == "*":
            return template
        text = _PLACE.sub(lambda found: str(self.get(found[1], default=found[2] or "")), template)
        return text if text.startswith("arn:") else self.arn(text)

    def needs(self, action: str, *templates: str, **keys: str) -> list[Need]:
        """A need for each of some resources.

        Args:
            action: with or without the service's prefix.
            templates: as :meth:`filled` takes them.
            keys: condition keys, ``__`` for a colon.
        """
        whole = action if ":" in action else f"{self.prefix}:{action}"
        told = {name.replace("__", ":").lower(): (value,) for name, value in keys.items()}
        return [Need(whole, self.filled(template), told) for template in templates]

    def pass_role(self, arn: str | None, service: str) -> list[Need]:
        """The need to hand a role to a service.

        Args:
            arn: the role; nothing when the request names none.
            service: e.g. ``lambda.amazonaws.com``.
        """
        keys = {"iam:passedtoservice": (service,)}
        return [Need("iam:PassRole", arn, keys)] if arn else []


def tag_keys(parameters: Mapping[str, Any]) -> Keys:
    """``aws:RequestTag/…`` and ``aws:TagKeys`` of a request, wherever its service puts tags."""
    given = _first(parameters, "Tags", "tags", "ResourceTags") or {}
    names = _first(parameters, "TagKeys", "tagKeys", "ResourceTagKeys")
    if isinstance(given, list) and isinstance(given[0], str):  # logs, UntagLogGroup
        given, names = {}, given
    if isinstance(given, list):
        keys, values = ("Key", "key", "TagKey"), ("Value", "value", "TagValue")
        given = {_first(one, *keys): _first(one, *values) or "" for one in given}
    names = names or list(given)
    found = {f"aws:requesttag/{name.lower()}": (str(value),) for name, value in given.items()}
    return found | ({"aws:tagkeys": tuple(names)} if names else {})


def _first(given: Mapping[str, Any], *names: str) -> Any:
    """What is given under one of some names."""
    return next((given[name] for name in names if given.get(name)), None)
