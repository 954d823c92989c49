"""Plans, stacks and executions as tables, and as JSON documents."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batcat_runtime.cli.screen import Screen
    from batcat_runtime.deploy.down import Removal
    from batcat_runtime.deploy.left import Proof
    from batcat_runtime.deploy.plan import Plan
    from batcat_runtime.deploy.project import Project
    from batcat_runtime.deploy.stack import StackEvent
    from batcat_runtime.deploy.status import Status

_STYLES = {"added": "green", "changed": "yellow", "replaced": "bold red", "removed": "bold red"}
_SIGNS = {"added": "+", "changed": "~", "replaced": "±", "removed": "-"}
_STATUS_STYLES = {
    "SUCCEEDED": "green",
    "FAILED": "red",
    "TIMED_OUT": "red",
    "ABORTED": "yellow",
    "RUNNING": "cyan",
}


def show_plan(screen: Screen, plan: Plan, project: Project) -> None:
    """Show what a deployment would do."""
    screen.say(f"Stack {plan.stack}: environment {project.environment}, {_place(plan.account)}")
    if plan.is_empty:
        screen.say("Nothing to change.")
        return
    table = _table("", "what", "type", "in the template", "in AWS", "why")
    for change in plan.changes:
        what = change.action + (" if need be" if change.conditional else "")
        what += " (kept)" if change.kept else ""
        table.add_row(
            _SIGNS[change.action],
            what,
            change.type,
            change.logical,
            change.physical,
            ", ".join(change.why),
            style=_STYLES[change.action],
        )
    screen.console.print(table)
    counted = {action: sum(one.action == action for one in plan.changes) for action in _SIGNS}
    screen.say(", ".join(f"{number} {action}" for action, number in counted.items() if number))
    if plan.parameters.get("CreateResultBucket") == "false":
        screen.say(
            f"s3://{project.result_s3_bucket} was there before this stack and keeps the settings "
            f"that it has; batcat doctor{project.option} says if it lacks one"
        )


def plan_document(plan: Plan, project: Project) -> dict[str, Any]:
    """Say the same for programs."""
    return {
        "stack": plan.stack,
        "environment": project.environment,
        "account": plan.account.id,
        "region": plan.account.region,
        "parameters": dict(plan.parameters),
        "changes": [asdict(change) for change in plan.changes],
    }


def show_stack_event(screen: Screen, event: StackEvent) -> None:
    """Show one event of a stack."""
    style = "red" if event.is_failure else "green" if event.status.endswith("_COMPLETE") else "dim"
    text = (
        f"{event.time.astimezone():%H:%M:%S}  {event.status:<28} {event.type:<34} {event.logical}"
    )
    reason = f"  {event.reason}" if event.reason and event.is_failure else ""
    screen.say(text + reason, style)


def show_status(screen: Screen, status: Status, project: Project) -> None:
    """Show the stack and the last executions."""
    where = f"environment {project.environment}, region {project.region}"
    stack = status.stack
    if stack is None:
        screen.say(f"Stack {project.stack}: not deployed ({where})")
        return
    since = f" since {stack.changed.astimezone():%Y-%m-%d %H:%M:%S}" if stack.changed else ""
    screen.say(f"Stack {stack.name}: {stack.status}{since} ({where})")
    if stack.reason:
        screen.say(f"  {stack.reason}")
    if not status.runs:
        screen.say("Nothing has run yet.")
        return
    table = _table("run", "begun", "took", "outcome")
    for run in status.runs:
        table.add_row(
            run.run,
            f"{run.begun.astimezone():%Y-%m-%d %H:%M:%S}",
            duration(run.seconds),
            run.status,
            style=_STATUS_STYLES.get(run.status, ""),
        )
    screen.console.print(table)


def status_document(status: Status, project: Project) -> dict[str, Any]:
    """Say the same for programs."""
    return {
        "environment": project.environment,
        "region": project.region,
        "stack": asdict(status.stack) if status.stack else None,
        "runs": [{**asdict(run), "begun": run.begun.isoformat()} for run in status.runs],
    }


def show_removal(screen: Screen, plan: Removal) -> None:
    """Show what would be removed."""
    project = plan.project
    where = f"environment {project.environment}, {_place(plan.account)}"
    screen.say(f"Stack {project.stack}: {where}{'' if plan.stack else '; not deployed'}")
    if plan.stack:
        table = _table("type", "in the template", "in AWS")
        for logical, resource in sorted(plan.resources.items()):
            table.add_row(resource["type"], logical, resource["physical"])
        screen.console.print(table)
    for execution in plan.running:
        screen.say(f"Running, to be stopped first: {execution.run}")
    for one in plan.holdings:
        gone = one in plan.removed
        kept = "kept (--delete-data removes it)" if one.is_data else "kept: it is not the project's"
        fate = "to be DELETED" if gone else kept
        text = str(one)
        screen.say(f"{text[0].upper()}{text[1:]}: {fate}")


def removal_document(plan: Removal) -> dict[str, Any]:
    """Say the same for programs."""
    return {
        "stack": plan.project.stack,
        "environment": plan.project.environment,
        "account": plan.account.id,
        "region": plan.account.region,
        "resources": plan.resources,
        "running": [execution.run for execution in plan.running],
        "bucket": plan.bucket,
        "data": "deleted" if plan.delete_data else "kept",
        "holdings": [{**asdict(one), "removed": one in plan.removed} for one in plan.holdings],
    }


def show_proof(screen: Screen, proof: Proof) -> None:
    """Show what is left, or that nothing is."""
    for one in proof.left:
        if one.on_purpose:
            screen.say(f"Kept: {one.what}")
        else:
            screen.say(f"LEFT: {one.what}", "bold red")
            screen.say(f"      → {one.mend}")
    for text in proof.unseen:
        screen.say(f"Not looked at: {text}", "yellow")
    if proof.is_clean:
        kept = " but what you keep" if proof.left else ""
        screen.say(f"Nothing billable is left{kept}.", "green")


def duration(seconds: float) -> str:
    """Seconds as a person says them, for example ``1 h 02 min``."""
    if seconds < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _place(account: Any) -> str:
    return f"account {account.id}, region {account.region}"


def _table(*columns: str) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
