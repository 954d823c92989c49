"""What git knows of a project, where there is git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def git(root: Path, *arguments: str) -> str:
    """Give what git says; nothing where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 - whichever git the user has
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def commit(root: Path) -> str:
    """Give the commit a project is at, with ``-dirty`` when files differ from it."""
    found = git(root, "rev-parse", "HEAD")
    return f"{found}-dirty" if found and git(root, "status", "--porcelain") else found
