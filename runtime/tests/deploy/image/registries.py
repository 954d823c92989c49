"""Real registries on this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import deque
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# AWS and made-up-password, as htpasswd -B writes it.
HTPASSWD = "AWS:$2b$05$abcdefghijklmnopqrstuuJgtjjEyKgAjLKfyMzQrXVWZG2QMxka.\n"


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """A registry that wants a password; its host and port."""
    found = shutil.which("docker-registry")
    assert found, "docker-registry is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "htpasswd").write_text(HTPASSWD)
    config = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
        "http": {"addr": "127.0.0.1:0"},
        "auth": {"htpasswd": {"realm": "images", "path": str(folder / "htpasswd")}},
    }
    (folder / "registry.json").write_text(json.dumps(config))
    with subprocess.Popen(
        [found, "serve", str(folder / "registry.json")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said = iter(process.stderr or ())
        try:
            line = next(line for line in said if "listening on" in line)
            Thread(target=deque, args=(said, 0), daemon=True).start()  # nobody reads the rest
            yield line.split("listening on ")[1].split('"')[0].split()[0]
        finally:
            process.kill()
