"""Input up, results down."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import ConfigError, ExecutionError, MissingError

if TYPE_CHECKING:
    from .project import Project

THREADS = 16  # transport is the bottleneck, not the CPU
RESULT_FOLDER = Path("data") / "result"
SAMPLE_FOLDER = Path("test") / "data"


class NothingThereError(ExecutionError):
    """A run succeeded without a result."""


def default_input(project: Project, step: str | None = None) -> Path:
    """Folder that a run, or a single step, takes its input from.

    Args:
        project: the project.
        step: name of a step that runs alone; None for a whole run.

    Returns:
        ``data/raw`` for the first step, ``data/tmp/<the step before>`` for any other.
    """
    if step is None or step == project.steps[0]:
        return project.root / "data" / "raw"
    return project.root / "data" / "tmp" / project.steps[project.steps.index(step) - 1]


def sample(project: Project) -> str | None:
    """Give the input that is committed with the project's tests; None where it cannot be taken.

    An account's tables are never filled, so a project that only queries takes it here alone.
    """
    if not (project.reads_files or project.is_local):
        return None
    folder = project.root / SAMPLE_FOLDER
    has_files = folder.is_dir() and any(one.name[0] != "." for one in folder.iterdir())
    return str(folder) if has_files else None


def input_files(path: Path) -> dict[str, Path]:
    """Find the files of a local input: their names below its prefix, and where they are.

    Args:
        path: the file or folder; hidden files are left out.

    Raises:
        MissingError: there is no such file or folder, or nothing in it.
    """
    if path.is_file():
        return {path.name: path}
    files = {
        file.relative_to(path).as_posix(): file
        for file in sorted(path.rglob("*"))
        if file.is_file() and not _hidden(file.relative_to(path))
    }
    if not files:
        state = "holds no files" if path.is_dir() else "does not exist"
        raise MissingError(
            f"input {_shown(path)} {state}; put data there, or name other input with --input",
        )
    return files


def upload_input(source: str | Path, prefix: str, region: str) -> int:
    """Upload a file or a folder.

    Args:
        source: the file or folder; hidden files are left out.
        prefix: ``s3://bucket/…/``, ending in a slash.
        region: AWS region.

    Returns:
        How many files were uploaded.

    Raises:
        MissingError: there is no such file or folder, or nothing in it.
    """
    path = Path(source)
    files = input_files(path)
    bucket, key = split_uri(prefix)
    s3 = aws.client("s3", region)

    def upload(item: tuple[str, Path]) -> None:
        with item[1].open("rb") as stream:
            s3.upload_fileobj(stream, bucket, key + item[0])

    with aws.explained(f"upload {_shown(path)} to {prefix}", "deploy first"):
        _in_parallel(upload, list(files.items()))
    return len(files)


def copy_input(source: str, prefix: str, region: str) -> int:
    """Copy objects from one prefix to another inside S3.

    Args:
        source: ``s3://`` address of an object or a prefix.
        prefix: ``s3://bucket/…/``, ending in a slash.
        region: AWS region.

    Returns:
        How many objects were copied.

    Raises:
        MissingError: there is nothing at the source.
    """
    bucket, key = split_uri(source)
    target_bucket, target_key = split_uri(prefix)
    s3 = aws.client("s3", region)

    def copy(one: dict[str, Any]) -> None:
        rest = one["Key"][len(key) :].lstrip("/") or one["Key"].rpartition("/")[2]
        s3.copy({"Bucket": bucket, "Key": one["Key"]}, target_bucket, target_key + rest)

    with aws.explained(f"copy {source} to {prefix}", "name other input with --input"):
        objects = _objects(bucket, key, region)
        _in_parallel(copy, objects)
    if not objects:
        raise MissingError(f"there is nothing at {source}; name other input with --input")
    return len(objects)


def fetch_result(
    prefix: str, destination: Path, region: str, *, may_be_empty: bool = False
) -> list[Path]:
    """Download a result so that it is there whole, or not at all.

    Args:
        prefix: ``s3://bucket/…/`` of the last step's output.
        destination: folder to make; one that is there is replaced once the new one is whole.
        region: AWS region.
        may_be_empty: make an empty folder of a prefix that nothing is below.

    Returns:
        The files, sorted.

    Raises:
        NothingThereError: there is nothing below the prefix, and there must be.
    """
    bucket, key = split_uri(prefix)
    s3 = aws.client("s3", region)
    destination.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{destination.name}-", dir=destination.parent))

    def download(one: dict[str, Any]) -> None:
        file = partial / one["Key"][len(key) :]
        if not file.resolve().is_relative_to(partial.resolve()):
            raise ConfigError(f"object s3://{bucket}/{one['Key']} would be written elsewhere")
        file.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, one["Key"], str(file))

    try:
        with aws.explained(f"fetch {prefix}", "see batcat logs"):
            found = [one for one in _objects(bucket, key, region) if one["Key"][-1] != "/"]
            _in_parallel(download, found)
        if not found and not may_be_empty:
            raise NothingThereError(f"there is nothing at {prefix}")
        partial.chmod(0o755)  # mkdtemp keeps it from everybody else
        if destination.exists():
            shutil.rmtree(destination)
        partial.rename(destination)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return sorted(file for file in destination.rglob("*") if file.is_file())


def exists(uri: str, region: str) -> bool:
    """Whether there is any object below an ``s3://`` prefix."""
    bucket, key = split_uri(uri)
    with aws.explained(f"list {uri}", "deploy first"):
        found = aws.client("s3", region).list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return bool(found.get("Contents"))


def split_uri(uri: str) -> tuple[str, str]:
    """Split ``s3://bucket/key`` into bucket and key.

    Raises:
        ConfigError: it is no such address.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise ConfigError(f"{uri!r} is no S3 address; it looks like s3://bucket/prefix/")
    return bucket, key


def _objects(bucket: str, prefix: str, region: str) -> list[dict[str, Any]]:
    pages = aws.client("s3", region).get_paginator("list_objects_v2")
    return [
        one
        for page in pages.paginate(Bucket=bucket, Prefix=prefix)
        for one in page.get("Contents", [])
    ]


def _in_parallel(function: Any, items: list[Any]) -> None:
    if len(items) == 1:
        function(items[0])
        return
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(function, items):
            pass


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _shown(path: Path) -> str:
    """The path relative to the working folder where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
