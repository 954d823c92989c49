"""What roles may do beside what they did, as a table and as a JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batcat_runtime.cli.screen import Screen
    from batcat_runtime.deploy.audit import Audit

_STYLES = {"used": "green", "in part": "yellow", "never": "red"}


def show_audit(screen: Screen, audit: Audit) -> None:
    """Show each statement, what of it nothing used, and what was denied."""
    from rich.table import Table

    table = Table("role", "statement", "used", "without use", "needed in AWS", box=None)
    for grant in audit.grants:
        reasons = dict.fromkeys(grant.explained.values())
        settled = grant.explained and not grant.unused
        table.add_row(
            grant.role,
            grant.sid,
            grant.state,
            "\n".join(grant.unused),
            "\n".join(reasons),
            style="dim" if settled else _STYLES[grant.state],
        )
    screen.console.print(table)
    for denial in audit.denials:
        role = denial.role.rpartition("/")[2]
        screen.say(f"Denied {denial.times}x to {role}: {denial.action} on {denial.resource}", "red")
        screen.say(f"  {denial.why}")
    for name in audit.pointless:
        screen.say(f"Explained, but not granted: {name}", "red")
    unused = sum(bool(grant.unused) for grant in audit.grants)
    screen.say(
        f"{len(audit.grants)} statements, {unused} granted more than was used or explained, "
        f"{len(audit.denials)} denials"
    )


def audit_document(audit: Audit) -> dict[str, Any]:
    """Say the same for programs."""
    return {
        "clean": audit.is_clean,
        "statements": [{**asdict(one), "state": one.state} for one in audit.grants],
        "denials": [asdict(one) for one in audit.denials],
        "pointless": list(audit.pointless),
    }
