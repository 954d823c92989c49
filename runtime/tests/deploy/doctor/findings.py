"""What the doctor found, and the account that the tests stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.deploy.doctor import Finding, examine
from batcat_runtime.deploy.doctor.examine import CHECKS

if TYPE_CHECKING:
    from batcat_runtime.deploy.doctor.seen import Seen


ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"


def found(seen: Seen, check: str) -> list[Finding]:
    """What one check finds."""
    return list(examine(seen, {check: CHECKS[check]}).findings)


def levels(seen: Seen, check: str) -> list[str]:
    return [finding.level for finding in found(seen, check)]


def identity(account: str, arn: str = "") -> str:
    """The answer to GetCallerIdentity."""
    arn = arn or f"arn:aws:iam::{account}:user/ann"
    return (
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Arn>{arn}</Arn><UserId>AIDA</UserId><Account>{account}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
