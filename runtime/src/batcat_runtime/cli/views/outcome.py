"""How a run ended: where the result lies and how it begins, or what failed and what to try."""

from __future__ import annotations

import csv
import itertools
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batcat_runtime.deploy.history import StateEvent

from .lines import printable, readable

if TYPE_CHECKING:
    from batcat_runtime.cli.screen import Screen
    from batcat_runtime.deploy.failure import RunFailedError
    from batcat_runtime.deploy.run import Run

FIRST_ROWS = 5
MOST_COLUMNS = 8
WIDEST = 24


def show_result(screen: Screen, run: Run, files: list[Path], seconds: dict[str, float]) -> None:
    """Show where the result lies, its first rows, and how long everything took."""
    folder = relative(run.plan.destination)
    screen.say()
    table = next((file for file in files if file.suffix.lower() == ".csv"), None)
    if table is not None:
        for line in first_rows(table):
            screen.say(f"  {line}")
        screen.say()
    for line in timing_lines(timing(run, seconds), screen.console.width):
        screen.say(line)
    names = ", ".join(str(file.relative_to(run.plan.destination)) for file in files)
    screen.say(
        f"Result: {folder}/ ({names or 'no files: the last step wrote none'})",
        "bold green",
    )


def show_failure(screen: Screen, error: RunFailedError) -> None:
    """Show what failed, the end of its log, and what to try next."""
    screen.say()
    if error.log:
        screen.say(f"The end of {error.step}'s log:")
        for line in (part for whole in error.log for part in readable(whole)):
            screen.say(f"  │ {line}")
        screen.say()
    screen.say(f"Error: {error}", "bold red")
    for advice in error.advice:
        screen.say(f"  try  {advice}")


def outcome_document(
    run: Run,
    seconds: dict[str, float],
    *,
    files: list[Path] | None = None,
    error: RunFailedError | None = None,
) -> dict[str, Any]:
    """Say the same for programs."""
    plan = run.plan
    document: dict[str, Any] = {
        "status": error.status if error else "SUCCEEDED",
        "environment": plan.project.environment,
        "run": plan.run,
        "execution_arn": run.execution.arn if run.execution else None,
        "steps": steps(run),
        "seconds": {name: round(value, 3) for name, value in timing(run, seconds).items()},
        "result": None if error else relative(plan.destination),
        "files": [relative(file) for file in files or []],
    }
    if error:
        document["error"] = {
            "step": error.step,
            "job": error.job,
            "reason": error.reason,
            "exit_message": error.exit_message,
            "log": list(error.log),
            "try": list(error.advice),
        }
    return document


def steps(run: Run) -> list[dict[str, Any]]:
    """Each step that has begun: its job, how it stands and how long it took."""
    found: dict[str, StateEvent] = {}
    for event in run.events:
        if isinstance(event, StateEvent) and event.state in run.plan.project.steps:
            found[event.state] = event
    return [
        {"step": name, "job": one.job, "status": one.kind, "seconds": round(one.seconds, 3)}
        for name, one in found.items()
    ]


def timing(run: Run, seconds: dict[str, float]) -> dict[str, float]:
    """Seconds of each phase, with the execution split into its steps."""
    split = {name: value for name, value in seconds.items() if name != "execution"}
    split.update({one["step"]: one["seconds"] for one in steps(run)})
    order = ["start", "deploy", "upload", *run.plan.project.steps, "fetch"]
    ordered = {name: split[name] for name in order if name in split}
    return {**ordered, "total": sum(seconds.values())}


def timing_lines(seconds: dict[str, float], width: int) -> list[str]:
    """Lay out how long each phase took, breaking lines between phases only.

    Args:
        seconds: seconds of each phase.
        width: most columns of a line.
    """
    phases = [f"{name}\u00a0{value:.1f}\u00a0s" for name, value in seconds.items()]
    text = "Time:   " + "\u00a0· ".join(phases)
    lines = textwrap.wrap(text, width, subsequent_indent=" " * 8, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]


def first_rows(file: Path, rows: int = FIRST_ROWS) -> list[str]:
    """Lay out the head of a CSV file.

    Args:
        file: the file.
        rows: most rows below the header.

    Returns:
        Lines of equal columns; at most :data:`MOST_COLUMNS` of them.
    """
    with file.open(newline="", encoding="utf-8", errors="replace") as stream:
        head = list(itertools.islice(csv.reader(stream), rows + 1))
    if not head:
        return ["(empty)"]
    more = len(head[0]) > MOST_COLUMNS
    cells = [
        [_short(cell) for cell in row[:MOST_COLUMNS]] + (["…"] if more else []) for row in head
    ]
    columns = list(itertools.zip_longest(*cells, fillvalue=""))
    widths = [max(map(len, column)) for column in columns]
    padded = [
        [cell.rjust(width) for cell in column]
        for column, width in zip(columns, widths, strict=True)
    ]
    return ["  ".join(row) for row in zip(*padded, strict=True)]


def relative(path: Path) -> str:
    """The path as somebody in the working folder would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _short(cell: str) -> str:
    cell = printable(cell)
    return cell if len(cell) <= WIDEST else cell[: WIDEST - 1] + "…"
