"""Turn a template with local paths into one that CloudFormation can read.

Code is zipped, definitions are read, and both are named by the hash of their content, so what did
not change is not uploaded again and is no change to the stack either. Everything here is pure but
for reading the project's files; :mod:`.artifacts` uploads.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import ConfigError, MissingError

from . import cfn_yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Source: AWS SAM Developer Guide, "sam package": the properties that take a local path.
LOCAL_PATHS = {
    ("AWS::Serverless::Function", "CodeUri"): "zip",
    ("AWS::Serverless::LayerVersion", "ContentUri"): "zip",
    ("AWS::Serverless::StateMachine", "DefinitionUri"): "file",
    ("AWS::Serverless::Api", "DefinitionUri"): "file",
    ("AWS::Serverless::HttpApi", "DefinitionUri"): "file",
}
_LEFT_OUT = {"__pycache__", ".DS_Store", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip file can hold
_MODE = 0o100644 << 16


@dataclass(frozen=True)
class Artifact:
    """One file to upload.

    Attributes:
        key: S3 key, which ends in the hash of the content.
        body: the content.
        source: the local path it was made from, as in the template.
    """

    key: str
    body: bytes
    source: str


@dataclass(frozen=True)
class Package:
    """A template that is ready for CloudFormation, and what it refers to.

    Attributes:
        body: the template as JSON; the same project always gives the same text.
        parameters: names of the parameters that the template declares.
        artifacts: what to upload before the template is used.
    """

    body: str
    parameters: frozenset[str]
    artifacts: tuple[Artifact, ...]


def package(
    template: Path,
    bucket: str,
    prefix: str,
    change_definition: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> Package:
    """Package a template.

    Args:
        template: path of the SAM template; local paths in it are relative to its folder.
        bucket: bucket the artifacts will be in.
        prefix: front of each artifact's key, without a trailing slash.
        change_definition: applied to each state machine's definition, if given.

    Returns:
        The packaged template.

    Raises:
        MissingError: the template or a path in it does not exist.
        ConfigError: the template or a definition cannot be read.
    """
    document = copy.deepcopy(cfn_yaml.load(template))
    artifacts: dict[str, Artifact] = {}
    for logical, resource in (document.get("Resources") or {}).items():
        properties = resource.get("Properties") or {}
        for (kind, name), form in LOCAL_PATHS.items():
            value = properties.get(name)
            if resource.get("Type") != kind or not isinstance(value, str) or "://" in value:
                continue
            path = template.parent / value
            if not path.exists():
                raise MissingError(
                    f"{template}: {logical}.{name} names {value}, which is not in "
                    f"{template.parent}; correct the path or restore the file",
                )
            body = _zipped(path) if form == "zip" else path.read_bytes()
            if kind == "AWS::Serverless::StateMachine":
                body = _definition(path, body, change_definition)
            suffix = "zip" if form == "zip" else "json"
            key = f"{prefix}/{hashlib.sha256(body).hexdigest()[:40]}.{suffix}"
            artifacts[key] = Artifact(key, body, value)
            properties[name] = f"s3://{bucket}/{key}"
    return Package(
        body=json.dumps(document, separators=(",", ":"), ensure_ascii=False),
        parameters=frozenset(document.get("Parameters") or {}),
        artifacts=tuple(artifacts.values()),
    )


def _definition(
    path: Path,
    body: bytes,
    change: Callable[[dict[str, Any]], dict[str, Any]] | None,
) -> bytes:
    """Check that a definition is JSON now, rather than when the stack is being made."""
    try:
        definition = json.loads(body)
    except ValueError as error:
        raise ConfigError(f"{path} is not valid JSON: {error}") from error
    return body if change is None else json.dumps(change(definition), indent=2).encode()


def _zipped(path: Path) -> bytes:
    """Zip a file or a folder, unless it is zipped; the same content always gives the same bytes."""
    if zipfile.is_zipfile(path):
        return path.read_bytes()
    if path.is_file():
        files = {path.name: path}
    else:
        files = {
            file.relative_to(path).as_posix(): file
            for file in path.rglob("*")
            if file.is_file() and not _LEFT_OUT.intersection(file.relative_to(path).parts)
        }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _MODE
            entry.create_system = 3  # Unix, whatever this runs on
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name].read_bytes())
    return buffer.getvalue()
