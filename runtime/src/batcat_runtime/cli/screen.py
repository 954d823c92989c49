"""Where words go: to people on a terminal, into a file, or past a JSON document."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

PLAIN_WIDTH = 120
"""Columns of a table that goes into a file or a pipe."""


class Screen:
    """What a verb talks to.

    Args:
        as_json: standard output is for one JSON document; words go to standard error.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.stream: TextIO = sys.stderr if as_json else sys.stdout
        self._console: Console | None = None

    @property
    def is_live(self) -> bool:
        """Whether lines may be redrawn."""
        return self.stream.isatty()

    @property
    def console(self) -> Console:
        """Rich's console on the same stream; made when first needed, because rich is slow."""
        if self._console is None:
            from rich.console import Console

            width = None if self.is_live else PLAIN_WIDTH
            self._console = Console(file=self.stream, highlight=False, width=width)
        return self._console

    def say(self, text: str = "", style: str = "") -> None:
        """Write one line."""
        # Once rich draws on the terminal, every line goes through it, above what it redraws.
        if self.is_live and (style or self._console is not None):
            self.console.print(text, style=style, markup=False, soft_wrap=True)
        else:
            self.stream.write(f"{text}\n")
            self.stream.flush()

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Show on a terminal that something is going on; nothing is left of it afterwards."""
        if not self.is_live:
            yield
            return
        with self.console.status(text):
            yield

    def answer(self, document: dict[str, Any]) -> None:
        """Print the JSON document, when one was asked for."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")
            sys.stdout.flush()
