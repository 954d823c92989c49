"""The batcat-runtime that runs, as a wheel, also when it was installed from a folder or from git.

The same files give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "batcat-runtime"

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip file can hold
_MODE = 0o100644 << 16


def pack_wheel(folder: Path, without: tuple[str, ...] = ()) -> Path:
    """Pack a wheel, so that a resolver sees what the package needs.

    Args:
        folder: where to write it.
        without: subpackages to leave out, such as ``emulator``.

    Returns:
        The wheel's path.
    """
    version = distribution(NAME).version
    path = folder / f"batcat_runtime-{version}-py3-none-any.whl"
    record = f"batcat_runtime-{version}.dist-info/RECORD"
    lines = []
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in _contents(version, without):
            archive.writestr(_entry(name), body)
            digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(body)}\n")
        archive.writestr(_entry(record), f"{''.join(lines)}{record},,\n")
    return path


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = _MODE
    info.create_system = 3  # Unix, whatever this runs on
    return info


def _contents(version: str, without: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    package = Path(__file__).resolve().parents[1]
    for file in sorted(package.rglob("*")):
        parts = file.relative_to(package).parts
        if file.is_file() and "__pycache__" not in parts and parts[0] not in without:
            yield file.relative_to(package.parent).as_posix(), file.read_bytes()
    about = f"batcat_runtime-{version}.dist-info"
    yield f"{about}/METADATA", (distribution(NAME).read_text("METADATA") or "").encode()
    yield (
        f"{about}/WHEEL",
        b"Wheel-Version: 1.0\nGenerator: batcat\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    )
