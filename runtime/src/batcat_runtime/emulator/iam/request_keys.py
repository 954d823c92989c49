"""Condition keys that do not depend on the service: what every request has, and what is known."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from batcat_runtime.emulator.protocol import NotEmulated

from .decide import depends_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator.world import World

    from .decide import Policies, Request

GLOBAL_KEYS = frozenset(
    f"aws:{name}"
    for name in (
        *("principalarn", "principalaccount", "principaltype", "userid", "username"),
        *("securetransport", "sourceip", "currenttime", "epochtime", "requestedregion"),
        *("resourceaccount", "principalisawsservice", "viaawsservice", "tagkeys"),
        *("sourcearn", "sourceaccount", "multifactorauthpresent", "multifactorauthage"),
        *("calledvia", "calledviafirst", "calledvialast", "principalorgid", "sourcevpc"),
        *("sourcevpce", "vpcsourceip", "referer"),
    )
)
"""Keys of every request that are known here, those included that no request here has."""

VIA = ("aws:calledvia", "aws:calledviafirst", "aws:calledvialast")
FAMILIES = ("aws:requesttag/", "aws:principaltag/", "s3:requestobjecttag/")


def surroundings(world: World, region: str) -> dict[str, tuple[str, ...]]:
    """Keys that every request has, whoever sends it.

    Args:
        world: where it arrived.
        region: it is for.
    """
    given = {
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "aws:securetransport": "true",  # the loopback interface counts as TLS
        "aws:sourceip": "127.0.0.1",
        "aws:currenttime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(time.time())),
        "aws:requestedregion": region,
        "aws:resourceaccount": world.account,
    }
    return {name: (value,) for name, value in given.items()}


def refuse_unknown(
    request: Request, policies: Policies, also: Callable[[str], bool] = lambda _: False
) -> None:
    """Refuse to guess what a condition would say.

    Args:
        request: what is asked for.
        policies: what the decision rests on.
        also: says of a key whether it is known besides.

    Raises:
        NotEmulated: it depends on a condition key that nothing here knows.
    """
    from batcat_runtime.emulator.needs import KEYS

    known = GLOBAL_KEYS | KEYS | request.context.keys()
    unknown = sorted(
        key
        for key in depends_on(request, policies)
        if key not in known and not key.startswith(FAMILIES) and not also(key)
    )
    if unknown:
        raise NotEmulated(f"condition key {unknown[0]} of a policy about {request.action}")
