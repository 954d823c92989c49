"""Every command and every piece of Python in docs/ runs, top to bottom, as a reader would run it.

- a ``sh`` block runs in the page's working folder; a ``cd`` in it lasts for the page;
- a ``sh fails`` block must end with an exit code other than 0;
- the ``python`` blocks of a page run in one interpreter, as the cells of a notebook do;
- a ``text`` block right after one of these holds lines its output must contain, in order;
  ``…`` stands for anything.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
RUNNABLE = ("sh", "sh fails", "python")
ENDED = "=== a cell ended with "
NOTEBOOK = f"""
import json, sys, traceback
names = {{"__name__": "__main__"}}
for cell in sys.stdin:
    code = 0
    try:
        exec(json.loads(cell), names)
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        code = 1
    print(f"\\n{ENDED}{{code}}", flush=True)
"""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page, with the output it promises."""

    kind: str
    body: str
    line: int
    promised: str = ""


def blocks(page: Path) -> list[Block]:
    """The runnable blocks of a page, each with the text block that follows it."""
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    for match in FENCE.finditer(text):
        kind, body = match["kind"].strip(), match["body"]
        line = text.count("\n", 0, match.start()) + 1
        if kind == "text" and found:
            last = found.pop()
            found.append(Block(last.kind, last.body, last.line, body))
        elif kind in RUNNABLE:
            found.append(Block(kind, body, line))
    return found


class Reader:
    """Somebody who follows a page command by command in a folder of their own.

    Args:
        folder: theirs.
        template: what ``$BATCAT`` stands for.
    """

    def __init__(self, folder: Path, template: Path) -> None:
        self.here = folder
        self.where = folder / ".where"
        self.notebook: subprocess.Popen[str] | None = None
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "BATCAT": str(template),
            "COLUMNS": "120",
        }
        self.environment.pop("AWS_ENDPOINT_URL", None)

    def run(self, block: Block) -> tuple[int, str]:
        """Run one block; returns its exit code and all it printed."""
        if block.kind == "python":
            return self._run_cell(block.body)
        command = ["bash", "-euc", f"trap 'pwd > {self.where}' EXIT\n{block.body}"]
        done = subprocess.run(
            command,
            cwd=self.here,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.here = Path(self.where.read_text(encoding="utf-8").strip())
        return done.returncode, done.stdout

    def close(self) -> int:
        """End the page's interpreter; returns its exit code."""
        if self.notebook is None:
            return 0
        self.notebook.communicate(timeout=60)
        return self.notebook.returncode

    def _run_cell(self, code: str) -> tuple[int, str]:
        if self.notebook is None:
            self.notebook = subprocess.Popen(
                [sys.executable, "-c", NOTEBOOK],
                cwd=self.here,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        assert self.notebook.stdin is not None
        assert self.notebook.stdout is not None
        self.notebook.stdin.write(json.dumps(code) + "\n")
        self.notebook.stdin.flush()
        printed: list[str] = []
        for line in self.notebook.stdout:
            if line.startswith(ENDED):
                return int(line.removeprefix(ENDED)), "".join(printed)
            printed.append(line)
        return self.notebook.wait(), "".join(printed)


@contextmanager
def reading(folder: Path, template: Path) -> Iterator[Reader]:
    """A reader whose interpreter has ended well when the page ends."""
    reader = Reader(folder, template)
    try:
        yield reader
    finally:
        code = reader.close()
    assert code == 0


def promise_is_kept(promised: str, printed: str) -> bool:
    """Whether the promised lines appear in what was printed, in their order."""
    position = 0
    for line in filter(None, (part.strip() for part in promised.splitlines())):
        pattern = ".*?".join(re.escape(piece) for piece in line.split("…"))
        match = re.compile(pattern).search(printed, position)
        if match is None:
            return False
        position = match.end()
    return True


PAGES = [page for page in sorted((REPOSITORY / "docs").glob("*.md")) if blocks(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_reader_can_follow_the_page_to_its_end(page: Path, release: Path, tmp_path: Path) -> None:
    with reading(tmp_path, release) as reader:
        for block in blocks(page):
            code, printed = reader.run(block)
            where = f"{page.name}:{block.line}\n{block.body}\nprinted:\n{printed}"
            assert (code != 0) == (block.kind == "sh fails"), where
            promised = f"{where}\npromised:\n{block.promised}"
            assert promise_is_kept(block.promised, printed), promised


LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.mark.parametrize(
    "page",
    [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").glob("*.md")],
    ids=lambda page: page.name,
)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
