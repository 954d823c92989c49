"""Extension of moto's IAM: the policies that AWS itself manages are there to be attached.

moto knows them but leaves them out by default; a role that attaches AWSLambdaBasicExecutionRole,
as every SAM function does, would fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


def install(world: World) -> None:
    """Load AWS's policies, also into an IAM that another service has woken already."""
    from moto.core.config import default_user_config
    from moto.iam.models import iam_backends

    default_user_config["iam"] = {"load_aws_managed_policies": True}
    backend = iam_backends[world.account]["global" if world.partition == "aws" else world.partition]
    if not backend.aws_managed_policies:
        backend.aws_managed_policies = backend._init_aws_policies()  # noqa: SLF001 - no other way
        backend.managed_policies.update(backend._init_managed_policies())  # noqa: SLF001
