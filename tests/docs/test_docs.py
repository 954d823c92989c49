"""Every command and every piece of Python in docs/ runs, top to bottom, as a reader would run it.

- a ``sh`` block runs in the page's working folder; a ``cd`` in it lasts for the page;
- a ``sh fails`` block must end with an exit code other than 0;
- a ``python`` block runs with the page's earlier Python blocks in front of it;
- a ``text`` block right after one of these holds lines its output must contain, in order;
  ``…`` stands for anything.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
RUNNABLE = ("sh", "sh fails", "python")


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
    """Somebody who follows a page command by command in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.here = folder
        self.where = folder / ".where"
        self.python: list[str] = []
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "BATCAT": str(REPOSITORY),
            "COLUMNS": "120",
        }
        self.environment.pop("AWS_ENDPOINT_URL", None)

    def run(self, block: Block) -> tuple[int, str]:
        """Run one block; returns its exit code and all it printed."""
        if block.kind == "python":
            self.python.append(block.body)
            return self._call([sys.executable, "-c", "\n".join(self.python)])
        outcome = self._call(["bash", "-euc", f"trap 'pwd > {self.where}' EXIT\n{block.body}"])
        self.here = Path(self.where.read_text(encoding="utf-8").strip())
        return outcome

    def _call(self, command: list[str]) -> tuple[int, str]:
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
        return done.returncode, done.stdout


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
def test_a_reader_can_follow_the_page_to_its_end(page: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for block in blocks(page):
        code, printed = reader.run(block)
        where = f"{page.name}:{block.line}\n{block.body}\nprinted:\n{printed}"
        assert (code != 0) == (block.kind == "sh fails"), where
        assert promise_is_kept(block.promised, printed), f"{where}\npromised:\n{block.promised}"


LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.mark.parametrize(
    "page",
    [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").glob("*.md")],
    ids=lambda page: page.name,
)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
