"""Every call passes here: it is decided, recorded, and refused as the service refuses it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import ServiceError

from . import statements
from .accounts import boundary, bucket_of, identity_policies, role_at
from .callers import ADMINISTRATOR, Session, sessions_of
from .decide import Policies, Principal, Request, decide
from .record import Record
from .request_keys import VIA, refuse_unknown, surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batcat_runtime.emulator.needs import Need
    from batcat_runtime.emulator.world import World

SHARED = "guard"
FORBIDDEN = 403
CODES = {
    "query": ("AccessDenied", FORBIDDEN),
    "rest-xml": ("AccessDenied", FORBIDDEN),
    "json": ("AccessDeniedException", 400),
    "smithy-rpc-v2-cbor": ("AccessDeniedException", 400),
    "rest-json": ("AccessDeniedException", FORBIDDEN),
}
"""Code and status by protocol (each API's "Common Errors")."""

OWN_CODES = {"sns": ("AuthorizationError", FORBIDDEN), "sqs": ("AccessDenied", FORBIDDEN)}
"""Of services that have one of their own: SNS's is in botocore's model, SQS's under "Common Errors"
of its API reference."""

SHOWING_ALL = ("ecr", "kms", "lambda")
"""Services whose denials say "on resource: *", as users have quoted them."""

kept_objects: ContextVar[frozenset[str]] = ContextVar("kept_objects", default=frozenset())
"""Bucket and key of what the present DeleteObjects may not delete; the answer names each."""


class Denied(ServiceError):  # noqa: N818 - it is an answer
    """A call that a policy does not allow."""


@dataclass(frozen=True)
class Call:
    """A call as the gateway has read it.

    Attributes:
        key: access key it is signed with.
        service: botocore's name.
        operation: as in the API.
        region: it is signed for.
        parameters: its members.
        protocol: of the service, whose error code a denial carries.
        via: the service that passes on the caller's rights, if one does.
    """

    key: str
    service: str
    operation: str
    region: str
    parameters: Mapping[str, Any]
    protocol: str
    via: str = ""


class Guard:
    """Decides for one local AWS.

    Args:
        world: whose account it is.

    Attributes:
        record: what was decided.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.record = Record()

    def check(self, call: Call) -> None:
        """Let a call pass, or refuse it.

        Args:
            call: as the gateway has read it.

        Raises:
            Denied: a policy denies it, or none allows it.
            NotEmulated: it depends on a condition key that nothing here knows.
        """
        kept_objects.set(frozenset())
        session = sessions_of(self._world).of(call.key)
        if session is None and call.service != "s3":
            return  # the administrator, whom only a bucket's policy can stop
        if call.service == "s3" and "Bucket" in call.parameters:
            held = bucket_of(self._world, call.parameters["Bucket"])
            missing = held is None and call.operation != "CreateBucket"
            if missing or (session is None and getattr(held, "policy", None) is None):
                return  # S3 says that there is no such bucket, or has nothing to say
        from batcat_runtime.emulator.needs import keys_of, needs_of

        asked = self._asked(session, call)
        given = {**self._context(session, call.region), **keys_of(call.service, asked)}
        if call.via:
            given |= dict.fromkeys(VIA, (call.via,)) | {"aws:viaawsservice": ("true",)}
        refused = set()
        for need in needs_of(call.service, asked):
            denied = self.denial(session, need, given, call.protocol)
            if denied is not None and call.operation != "DeleteObjects":
                raise denied
            if denied is not None:
                refused.add(need.resource.partition(":::")[2])
        kept_objects.set(frozenset(refused))

    def _asked(self, session: Session | None, call: Call) -> Any:
        from batcat_runtime.emulator.needs import Asked, prefix_of

        return Asked(
            self._world,
            prefix_of(call.service),
            call.operation,
            call.region,
            call.parameters,
            sessions_of(self._world).user_id(session) if session else "",
        )

    def _principal(self, session: Session | None) -> Principal:
        if session is not None:
            return session.principal
        arn = f"arn:{self._world.partition}:sts::{self._world.account}:{ADMINISTRATOR}"
        return Principal(arn, self._world.account)

    def denial(
        self, session: Session | None, need: Need, given: Mapping[str, Any], protocol: str = "json"
    ) -> Denied | None:
        """Decide one need of a caller.

        Args:
            session: of a role, or None for the administrator.
            need: what is needed.
            given: condition keys of the request.
            protocol: of the service, whose code a denial carries.

        Returns:
            The error, or None if it is allowed.

        Raises:
            NotEmulated: it depends on a condition key that nothing here knows.
        """
        principal = self._principal(session)
        context = {**given, **need.keys}
        request = Request(principal, need.action, need.resource, context)
        policies = self._policies(session, need)
        refuse_unknown(request, policies)
        decision = decide(request, policies)
        if session is not None:
            self.record.add(request, decision)
        if decision.allowed:
            return None
        service = need.action.partition(":")[0]
        code, status = OWN_CODES.get(service) or CODES.get(protocol, CODES["json"])
        return Denied(code, _message(request, decision.why, need.shown), status)

    def hiding(self, start_response: Any, call: Call) -> Any:
        """Answers that do not tell whether an object is there to who may not list its bucket.

        Args:
            start_response: of WSGI.
            call: what is answered.
        """
        session = sessions_of(self._world).of(call.key)
        if session is None:
            return start_response
        from batcat_runtime.emulator.needs.s3 import listing

        def start(status: str, *more: Any) -> Any:
            bucket = bucket_of(self._world, call.parameters["Bucket"])
            if status.startswith("404") and bucket is not None:
                need, given = (
                    listing(self._asked(session, call)),
                    self._context(session, call.region),
                )
                denied = self.denial(session, need, given, call.protocol)
                if denied is not None:
                    raise denied
            return start_response(status, *more)

        return start

    def may(self, role: str, need: Need, region: str, name: str = "session") -> bool:
        """Whether a role is allowed something that a service does with it.

        Args:
            role: its ARN; one of another account cannot be looked up, and may.
            need: what is needed.
            region: where it is done.
            name: of the role's session.
        """
        if role.split(":")[4] != self._world.account:
            return True
        session = Session(role, name)
        return self.denial(session, need, self._context(session, region)) is None

    def _policies(self, session: Session | None, need: Need) -> Policies:
        resource = statements.read(need.name, need.policy) if need.policy else None
        if session is None:
            return Policies(None, resource=resource)
        role = role_at(self._world, session.role)
        if role is None:
            return Policies((), resource=resource)
        own = statements.read("session policy", session.policy) if session.policy else None
        return Policies(identity_policies(role), boundary(self._world, role), own, resource)

    def _context(self, session: Session | None, region: str) -> dict[str, tuple[str, ...]]:
        """Keys of a request: who sends it, and what surrounds it."""
        principal = self._principal(session)
        given = {
            "aws:principalaccount": principal.account,
            "aws:principalarn": principal.role or principal.arn,
            "aws:principaltype": "AssumedRole" if session else "User",
        }
        if session is not None:
            role = role_at(self._world, session.role)
            given["aws:userid"] = sessions_of(self._world).user_id(session)
            for tag in _tags(role):
                given[f"aws:principaltag/{tag['Key'].lower()}"] = tag["Value"]
        own = {name: (value,) for name, value in given.items()}
        return {**surroundings(self._world, region), **own}


def guard_of(world: World) -> Guard:
    """The guard of a local AWS."""
    found: Guard = world.shared(SHARED, lambda: Guard(world))
    return found


def _tags(role: Any) -> list[dict[str, str]]:
    """Tags of moto's role, which keeps them as a list or by key."""
    tags = getattr(role, "tags", None) or []
    return list(tags.values()) if isinstance(tags, dict) else list(tags)


def _message(request: Request, why: str, called: str) -> str:
    """What AWS says of a denial; an action without resources seldom has one in it.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html; S3
    puts the resource in quotes (S3 User Guide, "Troubleshoot access denied errors"), SNS writes
    itself in capitals (Managed Service for Prometheus User Guide, "Troubleshooting alert manager").
    """
    service, _, name = request.action.partition(":")
    shown = f'"{request.resource}"' if service == "s3" else called or request.resource
    hidden = request.resource == "*" and service not in SHOWING_ALL
    where = "" if hidden else f" on resource: {shown}"
    action = f"SNS:{name}" if service == "sns" else request.action
    said = f"{request.principal.arn} is not authorized to perform: {action}{where}"
    return f"User: {said} {why.replace(request.action, action)}"
