"""Extension of moto's IAM and STS: what it takes without looking at it.

::

    policies          pure: whether a policy document follows the grammar
    trust             pure: whom a trust policy lets in
    assumable         whether a service may assume a role
    roles             roles, their trust policies and permissions boundaries
    sessions          AssumeRole
    tokens            pure: what a web identity's token says
    web_identity      AssumeRoleWithWebIdentity
    providers         the identity providers whose tokens are taken
    simulate          SimulatePrincipalPolicy
    managed_policies  the policies that AWS itself manages
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


def install(world: World) -> None:
    """Make moto's IAM as strict as AWS's; STS installs its sessions itself.

    Args:
        world: the server it happens in.
    """
    from . import managed_policies, providers, roles, simulate

    managed_policies.install(world)
    roles.patch()
    providers.patch()
    simulate.install(world)
