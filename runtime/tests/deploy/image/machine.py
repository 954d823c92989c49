"""A machine whose builders are stand-ins that note how they are called."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NAME = "2026-demo-rain-forecast"
BASE = f"python:3.12-slim@sha256:{'0' * 64}"
DIGEST = f"sha256:{'d' * 64}"

# A program that notes its arguments and variables, and answers as the real one.
STAND_IN = """#!/bin/sh
echo "{name} $*" >> {calls}
env | grep -E '^(DOCKER|REGISTRY|BUILD)' >> {calls}
cat "${{REGISTRY_AUTH_FILE:-$DOCKER_CONFIG/config.json}}" >> {logins} 2> /dev/null
[ -e {fault} ] && {{ cat {fault} >&2; exit 1; }}
while [ $# -gt 0 ]; do
  case "$1" in
    --iidfile) echo sha256:abc > "$2" ;;
    --digestfile) echo {digest} > "$2" ;;
    images) echo '[{{"size": "1.5 GB"}}]' ;;
    push) echo "latest: digest: {digest} size: 1" ;;
    context) echo unix:///run/other.sock ;;
    version) echo 28.0.0 ;;
    inspect) echo 1500000000 ;;
    --secret=*) echo "$1" | sed 's/.*src=//' | xargs cat >> {secrets} ;;
  esac
  shift
done
"""


class Machine:
    """A machine with stand-ins for the programs named."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir(parents=True)
        for name in ("sh", "cat", "env", "grep", "sed", "xargs", "git"):
            (self.bin / name).symlink_to(str(shutil.which(name)))
        monkeypatch.setenv("PATH", str(self.bin))
        monkeypatch.delenv("BATCAT_BUILDER", raising=False)

    def has(self, name: str) -> Machine:
        """Put a stand-in on the PATH."""
        places = {one: self.folder / one for one in ("calls", "logins", "fault", "secrets")}
        (self.bin / name).write_text(STAND_IN.format(name=name, digest=DIGEST, **places))
        (self.bin / name).chmod(0o755)
        return self

    def fails(self, words: str) -> None:
        """Let every stand-in fail with these words."""
        (self.folder / "fault").write_text(words)

    def told(self, what: str = "calls") -> str:
        """What the stand-ins noted."""
        file = self.folder / what
        return file.read_text() if file.exists() else ""

    def answers(self, name: str, answer: str) -> None:
        """Let a stand-in answer whoever inspects an image."""
        self._change(name, "echo 1500000000", f"echo '{answer}'")

    def refuses(self, name: str, verb: str, words: str = "") -> None:
        """Let one verb of a stand-in fail."""
        self._change(
            name, "while [", f'[ "$1" = {verb} ] && {{ echo {words} >&2; exit 1; }}\nwhile ['
        )

    def _change(self, name: str, old: str, new: str) -> None:
        script = (self.bin / name).read_text()
        (self.bin / name).write_text(script.replace(old, new))
