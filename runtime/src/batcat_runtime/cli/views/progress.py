"""An execution as it happens: redrawn on a terminal, a line an event anywhere else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from batcat_runtime.deploy.history import Ended, StateEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batcat_runtime.cli.screen import Screen

    Show = Callable[[StateEvent | Ended | None], None]

WAITING = "WaitForMachine"
"""The template's state between two tries of a step for which AWS had no machine."""

_MARKS = {"succeeded": ("✓", "green"), "failed": ("✗", "red"), "aborted": ("■", "yellow")}


@contextmanager
def progress(screen: Screen) -> Iterator[Show]:
    """Show an execution.

    Yields:
        Function to call with each event of the execution.
    """
    if not screen.is_live:
        yield lambda event: _line(screen, event)
        return
    from rich.live import Live

    rows = _Rows()
    with Live(get_renderable=rows.draw, console=screen.console, refresh_per_second=8) as live:
        yield rows.read
        live.refresh()


def _line(screen: Screen, event: StateEvent | Ended | None) -> None:
    if event is None:
        return
    time = f"{event.time.astimezone():%H:%M:%S}"
    if isinstance(event, Ended):
        screen.say(f"{time}  execution {event.status.lower()} after {event.seconds:.1f} s")
        return
    if event.type == "Fail" or (event.kind == "entered" and event.type not in {"Task", "Wait"}):
        return  # said by the line that follows: the state's end, or the execution's
    text = f"{time}  {event.state:<24} {event.kind}"
    if event.kind == "started":
        text += f"  {event.job}"
    elif event.kind in _MARKS:
        text += f"  {event.seconds:.1f} s"
    if event.kind != "entered" or event.type == "Wait":
        screen.say(text)
    if event.state == WAITING and event.kind == "entered":
        screen.say("          AWS had no machine of this kind; it is asked again within minutes,")
        screen.say("          five times in all. Ctrl-C and another instance_type may be quicker")


class _Rows:
    """One row a state, with a spinner while it lasts."""

    def __init__(self) -> None:
        self._rows: dict[str, StateEvent] = {}

    def read(self, event: StateEvent | Ended | None) -> None:
        if isinstance(event, StateEvent) and event.type != "Fail":
            self._rows[event.state] = event

    def draw(self) -> Any:
        from datetime import datetime, timezone

        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for event in self._rows.values():
            if event.kind in _MARKS:
                mark, style = _MARKS[event.kind]
                first: Any = Text(mark, style=style)
                seconds = event.seconds
            else:
                first = Spinner("dots", style="cyan")
                since = (datetime.now(timezone.utc) - event.time).total_seconds()
                seconds = max(0.0, event.seconds + since)
            dim = "" if event.type == "Task" else "dim"
            table.add_row(
                first,
                Text(event.state, style=dim),
                Text(f"{seconds:.1f} s", style=dim),
                Text(event.job, style="dim"),
            )
        return table
