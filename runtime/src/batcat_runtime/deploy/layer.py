"""A Lambda layer that reads and writes Parquet: this very batcat-runtime and what it needs.

The packages are installed for Lambda's platform, whatever this machine is; what neither Parquet
nor CSV needs is left out, because a whole installation is larger than Lambda allows.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batcat_runtime.errors import ConfigError, DeployError

from .layer_packages import MACHINES, PYTHONS, install, packages_in

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 262_144_000
"""Bytes that a function and its layers may unzip to (AWS Lambda Developer Guide, "Lambda quotas":
250 MB; the service's own error names the bytes)."""
ROOMY = 225_000_000
"""Bytes that leave a function room for code and layers of its own."""
DIRECT = 52_428_800
"""Bytes of a zip that may be published without S3 (the same table: 50 MB)."""
_WORK = 600_000_000  # bytes: what is downloaded, what is installed, and the zip

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip file can hold
_MODE = 0o100644 << 16
_LEVEL = 3  # half the time of the default, for 5 MB more

# What is left out is what nothing that stays imports or links; the test of a built layer loads
# all that stays. Of pyarrow that is flight, and S3 and the other clouds, for objects come through
# boto3; substrait and dataset stay, because every extension links them.
_FOLDERS = (
    "bin",
    "batcat_runtime/cli",
    "batcat_runtime/emulator",
    "numpy/_core/include",
    "pyarrow/include",
    "pyarrow/includes",
    "pyarrow/src",
)
_TESTED = ("numpy", "pandas", "pyarrow")  # their folders "tests" go
_KEPT = ("numpy/_core/tests/_natype.py",)  # imported by numpy.testing
_LIBRARY = re.compile(r"(lib[^.]+\.so)(\.\d+)?(\..+)?")
_SUFFIXES = (".a", ".c", ".cmake", ".cpp", ".h", ".hpp", ".pxd", ".pxi", ".pyc", ".pyi", ".pyx")
_ARROW = (
    *("libarrow_flight.", "libarrow_python_flight.", "libarrow_s3."),
    *("_flight.", "_s3fs.", "_gcsfs.", "_azurefs.", "_hdfs.", "_pyarrow_cpp_tests."),
)
# Notes of the installer about itself; RECORD would name what is no longer there.
_NOTES = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json")


@dataclass(frozen=True)
class Layer:
    """A layer that was built.

    Attributes:
        path: the zip file.
        python: version of Python, such as ``3.12``.
        architecture: ``x86_64`` or ``arm64``.
        zipped: size of the zip file in bytes.
        unzipped: size of what is in it in bytes.
        packages: version of each package in it.
    """

    path: Path
    python: str
    architecture: str
    zipped: int
    unzipped: int
    packages: dict[str, str]


def build_layer(
    output: Path, *, python: str = "3.12", architecture: str = "x86_64", force: bool = False
) -> Layer:
    """Build a Lambda layer with batcat-runtime, boto3, pandas and pyarrow.

    The same versions of the packages give the same bytes, on the same Python and zlib.

    Args:
        output: the zip file to write.
        python: version of the function's Python, such as ``3.12``.
        architecture: the function's, ``x86_64`` or ``arm64``.
        force: replace the file if it exists.

    Returns:
        What was built.

    Raises:
        ConfigError: Lambda has no such Python or architecture, or the output cannot be written.
        DeployError: the packages cannot be installed for Lambda, or are too large for it.
    """
    _check(output, python, architecture, force=force)
    try:
        with tempfile.TemporaryDirectory(prefix="batcat-layer-") as scratch:
            _check_space(Path(scratch))
            site = Path(scratch) / "python"
            install(site, python, architecture)
            files = dict(_kept(site))
            unzipped = sum(file.stat().st_size for file in files.values())
            _check_size(unzipped)
            _write(output, files)
            packages = packages_in(site)
    except OSError as error:
        raise DeployError(
            f"cannot build {output}: {error}; make room, or set TMPDIR to a folder with room"
        ) from error
    return Layer(output, python, architecture, output.stat().st_size, unzipped, packages)


def _check(output: Path, python: str, architecture: str, *, force: bool) -> None:
    """Find out now what would fail after a minute of work."""
    if python not in PYTHONS:
        raise ConfigError(
            f"no layer can be built for Python {python!r}; choose one of {', '.join(PYTHONS)}"
        )
    if architecture not in MACHINES:
        raise ConfigError(
            f"Lambda has no architecture {architecture!r}; choose {' or '.join(MACHINES)}"
        )
    if output.exists() and not force:
        raise ConfigError(f"{output} exists; remove it, choose another --output, or say --force")
    if output.is_dir() or not os.access(output.parent, os.W_OK):
        raise ConfigError(
            f"cannot write {output}: it is a folder, or its folder does not exist or may not be "
            "written to; choose another --output"
        )


def _check_space(scratch: Path) -> None:
    free = shutil.disk_usage(scratch).free
    if free < _WORK:
        raise DeployError(
            f"{scratch.parent} has {free / 1e6:.0f} MB free, a layer takes {_WORK / 1e6:.0f} MB "
            "while it is built; make room, or set TMPDIR to a folder with room"
        )


def _check_size(unzipped: int) -> None:
    if unzipped > LIMIT:
        raise DeployError(
            f"the layer would unzip to {unzipped / 1e6:.1f} MB, Lambda allows "
            f"{LIMIT / 1e6:.1f} MB for a function and its layers; another --python may have "
            "smaller packages, or put the function into a container image"
        )


def _kept(site: Path) -> Iterator[tuple[str, Path]]:
    """What goes into the layer: its name there, and where it lies now."""
    found = {file.relative_to(site).as_posix(): file for file in site.rglob("*") if file.is_file()}
    for name, file in sorted(found.items()):
        if name in _KEPT or not _is_spare(name, file):
            yield f"python/{name}", file


def _is_spare(name: str, file: Path) -> bool:
    """Whether a layer does without a file."""
    top, *folders, last = name.split("/") if "/" in name else ("", name)
    return (
        name.startswith(".")  # an installer's lock
        or any(name.startswith(f"{folder}/") for folder in _FOLDERS)
        or (top in _TESTED and "tests" in folders)
        or last.endswith(_SUFFIXES)
        or (top == "pyarrow" and (last.startswith(_ARROW) or _is_double(file)))
        or (top.endswith(".dist-info") and last in _NOTES)
    )


def _is_double(file: Path) -> bool:
    """Whether a library is there under the name that others link, too.

    Wheels cannot hold links: libx.so and libx.so.1.2.3 are whole copies of libx.so.1.
    """
    library = _LIBRARY.fullmatch(file.name)
    if library is None or _is_linked(library):
        return False
    others = map(_LIBRARY.fullmatch, (one.name for one in file.parent.glob(f"{library[1]}.*")))
    return any(other and _is_linked(other) for other in others)


def _is_linked(library: re.Match[str]) -> bool:
    return bool(library[2] and not library[3])


def _write(output: Path, files: dict[str, Path]) -> None:
    """Zip the files; the output appears whole or not at all."""
    handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
            for entry, file in files.items():
                info = zipfile.ZipInfo(entry, _EPOCH)
                info.external_attr = _MODE
                info.create_system = 3  # Unix, whatever this runs on
                archive.writestr(info, file.read_bytes(), zipfile.ZIP_DEFLATED, _LEVEL)
        partial.chmod(0o644)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
