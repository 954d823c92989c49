"""Every check at once, each with a time limit: one that fails or hangs hides no other."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from batcat_runtime.deploy.holdings import NOT_EMULATED
from batcat_runtime.deploy.side_by_side import side_by_side
from batcat_runtime.errors import AccessError, ServiceError

from . import buckets, caller, here, places, rights, role
from .finding import FAILED, UNKNOWN, WARNING, Finding, NotLooked, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .seen import Seen

    Check = Callable[[Seen], Iterator[Finding]]

SECONDS = 20.0
"""How long a check may take."""

CHECKS: dict[str, Check] = {
    "config": here.check_config,
    "template": here.check_template,
    "runtime": here.check_runtime,
    "credentials": caller.check_credentials,
    "account": caller.check_account,
    "partition": caller.check_partition,
    "region": caller.check_region,
    "clock": caller.check_clock,
    "rights": rights.check_rights,
    "role": role.check_role,
    "bucket": buckets.check_bucket,
    "image": places.check_image,
    "registry": places.check_registry,
    "quota": places.check_quota,
    "logs": places.check_logs,
}
"""What is looked at, in the order in which it is shown."""

_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")


def examine(seen: Seen, checks: dict[str, Check] | None = None, seconds: float = SECONDS) -> Report:
    """Look at everything.

    Args:
        seen: what to look at.
        checks: name to check; by default all.
        seconds: how long a check may take.

    Returns:
        What was found, in the order of the checks.
    """
    checks = CHECKS if checks is None else checks
    tasks = {name: partial(_look, name, check, seen) for name, check in checks.items()}
    found = side_by_side(tasks, seconds)
    findings: list[Finding] = []
    for name in checks:
        told = found.get(name)
        findings += told if isinstance(told, list) else [_late(name, seconds)]
    return Report(tuple(findings))


def _late(name: str, seconds: float) -> Finding:
    mend = "check the network: proxy, VPN, firewall; then batcat doctor again"
    return Finding(name, FAILED, f"no answer within {seconds:g} s", mend=mend)


def _look(name: str, check: Check, seen: Seen) -> list[Finding]:
    findings: list[Finding] = []
    try:
        findings.extend(check(seen))
    except Exception as error:  # noqa: BLE001 - whatever it is, what came before it is still told
        findings.append(_explain(name, error))
    return [_without_secrets(finding) for finding in findings]


def _explain(name: str, error: Exception) -> Finding:
    from botocore.exceptions import BotoCoreError

    if isinstance(error, NotLooked):
        return Finding(name, UNKNOWN, str(error))
    if isinstance(error, ServiceError) and error.code == NOT_EMULATED:
        return Finding(name, UNKNOWN, error.reason)
    if isinstance(error, AccessError):
        # What may not be looked at need not be wrong.
        mend = "ask for the right that is named, or let somebody look who has it"
        return Finding(name, WARNING, str(error), mend=mend)
    if isinstance(error, BotoCoreError):
        return Finding(name, FAILED, str(error))
    return Finding(name, FAILED, str(error) or type(error).__name__)


def _without_secrets(finding: Finding) -> Finding:
    """Take out what AWS may have echoed of the credentials."""
    texts = [finding.text, finding.where, finding.mend]
    for secret in filter(None, map(os.environ.get, _SECRETS)):
        texts = [text.replace(secret, "***") for text in texts]
    return Finding(finding.check, finding.level, *texts)
