"""What became of each case on each route, as a table in Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .cases import CASES

if TYPE_CHECKING:
    from collections.abc import Mapping

_OK = {"equal": "equal"}


def table(told: Mapping[str, Mapping[str, str]]) -> str:
    """Write the table, and below it what the refusals say.

    Args:
        told: by route and case, as ``verdict`` and ``Routes.cell`` give it.
    """
    notes: dict[str, int] = {}
    lines = ["| | " + " | ".join(told) + " |", "|---" * (len(told) + 1) + "|"]
    for case in CASES:
        cells = [_cell(told[route][case.name], notes) for route in told]
        lines.append(f"| {_escaped(case.name)} | " + " | ".join(cells) + " |")
    if notes:
        lines += ["", *(f"{number}. {_escaped(text)}" for text, number in notes.items())]
    return "\n".join(lines)


def _cell(told: str, notes: dict[str, int]) -> str:
    kind, _, rest = told.partition(": ")
    if kind == "refused":
        text = _anywhere(rest)
        number = notes.setdefault(text, len(notes) + 1)
        return f"refused ({number})"
    return f"**{kind}** {_escaped(rest)}" if kind in {"wrong", "error"} else told


def _anywhere(message: str) -> str:
    """A message without what differs from run to run."""
    for pattern, by in (
        (r"^cannot write s3://\S+: ", ""),
        (r"Athena query [-\w]+", "Athena query …"),
    ):
        message = re.sub(pattern, by, message)
    return message


def _escaped(text: str) -> str:
    kept = text.replace("|", "\\|").replace("\n", " ").replace("<", "\\<")
    return re.sub(r"([*_`])", r"\\\1", kept)


def replaced(page: str, name: str, text: str) -> str:
    """Put a table into a page, between its markers."""
    begin, end = f"<!-- {name}: make fidelity -->", f"<!-- /{name} -->"
    head, _, rest = page.partition(begin)
    _, found, tail = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no {begin} … {end}")
    return f"{head}{begin}\n{text}\n{end}{tail}"


def shown(page: str, name: str) -> str:
    """Give the table that a page shows."""
    _, _, rest = page.partition(f"<!-- {name}: make fidelity -->\n")
    return rest.partition(f"\n<!-- /{name} -->")[0]
