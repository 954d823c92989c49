"""Who signs a request: the administrator, or a session of a role.

A session's credentials are given to what acts as the role: a job, a function, a state machine.
Signatures are not checked, so the access key alone says whose a request is.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from secrets import token_hex
from threading import RLock
from typing import TYPE_CHECKING, Any

from .accounts import role_at
from .decide import Principal

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

SHARED = "sessions"
ADMINISTRATOR = "user/moto"
"""What moto's GetCallerIdentity says of a key that it does not know."""


@dataclass(frozen=True)
class Credentials:
    """What a process signs with.

    Attributes:
        key: access key id; those of sessions begin with ASIA (IAM User Guide, "IAM identifiers").
        secret: opens nothing.
        token: session token.
    """

    key: str
    secret: str
    token: str


@dataclass(frozen=True)
class Session:
    """A role, assumed.

    Attributes:
        role: its ARN.
        name: of the session.
        policy: the session's own policy, or None.
    """

    role: str
    name: str
    policy: str | None = None

    @property
    def arn(self) -> str:
        """ARN of the session, which leaves the role's path out."""
        partition, account = self.role.split(":")[1], self.role.split(":")[4]
        role = self.role.rpartition("/")[2]
        return f"arn:{partition}:sts::{account}:assumed-role/{role}/{self.name}"

    @property
    def principal(self) -> Principal:
        """Who it is to policies."""
        return Principal(self.arn, self.role.split(":")[4], self.role)


class Sessions:
    """Sessions by their access keys.

    Args:
        world: whose account it is.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_key: dict[str, Session] = {}
        self._made: dict[Session, Credentials] = {}
        self._lock = RLock()

    def credentials(self, role: str, name: str) -> Credentials | None:
        """Credentials of a session; the same ones for the same session.

        Args:
            role: ARN of the role.
            name: of the session.

        Returns:
            None for a role of another account: nothing here knows what it may do.
        """
        if role.split(":")[4] != self._world.account:
            return None
        session = Session(role, name)
        with self._lock:
            if session not in self._made:
                made = Credentials(f"ASIA{token_hex(8).upper()}", token_hex(20), token_hex(32))
                self._made[session] = made
                self._by_key[made.key] = session
            return self._made[session]

    def of(self, key: str) -> Session | None:
        """The session that an access key belongs to; None for any other key."""
        found = self._by_key.get(key)
        if found is None and (assumed := _assumed(self._world, key)) is not None:
            found = Session(assumed.role_arn, assumed.session_name, assumed.policy)
            self._by_key[key] = found
        return found

    def user_id(self, session: Session) -> str:
        """``aws:userid``: the role's id and the session's name."""
        role = role_at(self._world, session.role)
        return f"{role.id if role else 'AROA'}:{session.name}"


def sessions_of(world: World) -> Sessions:
    """The sessions of a local AWS."""
    found: Sessions = world.shared(SHARED, lambda: Sessions(world))
    return found


def caller_id(world: World, key: str) -> str:
    """``aws:userid`` of who signs with a key; nothing for the administrator."""
    sessions = sessions_of(world)
    session = sessions.of(key)
    return sessions.user_id(session) if session else ""


def _assumed(world: World, key: str) -> Any:
    """Give moto's record of an AssumeRole."""
    models: Any = sys.modules.get("moto.sts.models")
    if models is None or not key.startswith("ASIA"):
        return None
    for backend in models.sts_backends[world.account].values():
        found = backend.get_assumed_role_from_access_key(key)
        if found is not None:
            return found
    return None
