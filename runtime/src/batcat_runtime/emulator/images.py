"""Images without containers: the project folder that stands for a repository name.

A job gets a snapshot of what the folder's Dockerfile COPYs into its last stage, so that a
forgotten COPY fails here as it would in AWS. RUN lines are not carried out: the packages are
those of this server's own interpreter, and nothing a RUN would make exists.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

DOCKERFILE = Path("deploy", "docker", "Dockerfile")
SKIPPED_ENV = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONHOME")
"""ENV names that belong to the machine the image was made for."""

NEVER_COPIED = (".git", ".venv", "venv", ".batcat", "__pycache__", "node_modules")
"""Folders left out when a folder without Dockerfile is taken whole."""


class ImageError(Exception):
    """An image cannot be run; the message is the reason."""


@dataclass
class Recipe:
    """What a Dockerfile's last stage says, as far as it matters without containers.

    Attributes:
        copies: (sources, destination) of each COPY or ADD from the build context; destinations
            are absolute container paths, with a trailing slash where a folder is meant.
        workdir: absolute container path.
        environment: ENV values.
        entrypoint: ENTRYPOINT.
        command: CMD.
    """

    copies: list[tuple[list[str], str]] = field(default_factory=list)
    workdir: str = "/"
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Container:
    """A snapshot ready to run.

    Attributes:
        root: folder that stands for ``/``.
        recipe: what the Dockerfile says.
    """

    root: Path
    recipe: Recipe

    @classmethod
    def empty(cls, root: Path) -> Container:
        """A file system with nothing in it yet."""
        return cls(root, Recipe())

    @property
    def cwd(self) -> Path:
        """Working directory."""
        return self.root / self.recipe.workdir.lstrip("/")

    def path(self, inside: str) -> str:
        """Where a container path lies on this machine, if it is in the snapshot or in /opt/ml.

        ``--option=/opt/ml/…`` is understood as well; everything else stays as it is.
        """
        option, equals, value = inside.partition("=")
        if equals and option.startswith("-"):
            return f"{option}={self.path(value)}"
        outside = self.root / inside.lstrip("/")
        if inside.startswith("/") and (inside.startswith("/opt/ml") or outside.exists()):
            return str(outside)
        return inside

    def environment(self) -> dict[str, str]:
        """The image's ENV, with paths that lie in the snapshot turned into real ones."""
        return {
            name: os.pathsep.join(self.path(part) for part in value.split(os.pathsep))
            for name, value in self.recipe.environment.items()
            if name not in SKIPPED_ENV
        }


def repository_of(image_uri: str) -> str:
    """Repository name of an image URI: without registry, tag and digest."""
    name = image_uri.partition("@")[0]
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        name = rest
    return name.partition(":")[0]


def unpack(image_uri: str, images: dict[str, Path], root: Path) -> Container:
    """Make the snapshot that a container of this image would see as its file system.

    Args:
        image_uri: as in a request.
        images: repository name to project folder.
        root: folder to fill; stands for ``/``.

    Raises:
        ImageError: no folder is registered, or the Dockerfile copies what does not exist.
    """
    name = repository_of(image_uri)
    if name not in images:
        known = ", ".join(sorted(images)) or "none"
        raise ImageError(
            f"no project folder is registered for image {image_uri}; start the local AWS with "
            f"--image {name}=FOLDER or LocalAws(images={{{name!r}: folder}}). Registered: {known}",
        )
    folder = images[name]
    root.mkdir(parents=True, exist_ok=True)
    dockerfile = folder / DOCKERFILE
    if dockerfile.exists():
        recipe = read_dockerfile(dockerfile.read_text(encoding="utf-8"))
        ignored = _ignored(folder)
        for sources, destination in recipe.copies:
            for source in sources:
                _copy(folder, source, root, destination, ignored, many=len(sources) > 1)
    else:
        recipe = Recipe(workdir="/app")
        shutil.copytree(
            folder,
            root / "app",
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns(*NEVER_COPIED),
        )
    container = Container(root, recipe)
    container.cwd.mkdir(parents=True, exist_ok=True)
    return container


def read_dockerfile(text: str) -> Recipe:
    """Read the last stage of a Dockerfile (its COPY, ADD, WORKDIR, ENV, ENTRYPOINT and CMD)."""
    recipe, variables = Recipe(), dict[str, str]()
    for instruction, rest in _instructions(text):
        if instruction == "FROM":
            recipe = Recipe()
        elif instruction == "ARG":
            name, _, value = rest.partition("=")
            variables.setdefault(name.strip(), _unquote(value))
        elif instruction == "ENV":
            recipe.environment |= _assignments(_expand(rest, variables | recipe.environment))
        elif instruction == "WORKDIR":
            path = _unquote(_expand(rest, variables | recipe.environment))
            recipe.workdir = str(PurePosixPath(recipe.workdir, path))
        elif instruction in ("COPY", "ADD"):
            _add_copy(recipe, _expand(rest, variables | recipe.environment))
        elif instruction == "ENTRYPOINT":
            recipe.entrypoint, recipe.command = _program(rest), []
        elif instruction == "CMD":
            recipe.command = _program(rest)
    return recipe


def _instructions(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\s*\n", " ", "\n".join(lines))
    found = []
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            found.append((word.upper(), rest.strip()))
    return found


def _add_copy(recipe: Recipe, rest: str) -> None:
    words = [str(word) for word in _words(rest)]
    flags = [word for word in words if word.startswith("--")]
    if any(flag.startswith("--from=") for flag in flags):
        return  # comes out of another stage, which is not built here
    paths = [word for word in words if word not in flags]
    *sources, last = paths
    destination = str(PurePosixPath(recipe.workdir, last))
    if last.endswith(("/", "/.")) or last in (".", "./"):
        destination = destination.rstrip("/") + "/"
    recipe.copies.append((sources, destination))


def _copy(  # noqa: PLR0913 - what a COPY needs; grouping would only hide it
    folder: Path,
    source: str,
    root: Path,
    destination: str,
    ignored: list[str],
    *,
    many: bool,
) -> None:
    if source.startswith(("http://", "https://")):
        raise ImageError(f"ADD {source} is not emulated by batcat local; COPY a file instead")
    pattern = str(PurePosixPath(source.lstrip("/")))
    matches = [folder] if pattern == "." else sorted(folder.glob(pattern))
    if not matches:
        raise ImageError(
            f"{DOCKERFILE} copies {source}, which does not exist in {folder}; "
            "docker build would fail the same way",
        )
    target = root / destination.lstrip("/")
    for match in matches:
        if match.is_dir():
            _copy_tree(folder, match, target, ignored)
        elif not _is_ignored(match.relative_to(folder).as_posix(), ignored):
            into_folder = destination.endswith("/") or many or len(matches) > 1
            file = target / match.name if into_folder else target
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(match, file)


def _copy_tree(folder: Path, source: Path, target: Path, ignored: list[str]) -> None:
    def leave_out(directory: str, names: list[str]) -> list[str]:
        base = Path(directory).relative_to(folder)
        return [
            name
            for name in names
            if name == "__pycache__" or _is_ignored((base / name).as_posix(), ignored)
        ]

    shutil.copytree(source, target, dirs_exist_ok=True, ignore=leave_out)


def _ignored(folder: Path) -> list[str]:
    """Patterns of the ignore file; a leading ! brings a path back.

    BuildKit takes the one beside the Dockerfile, named after it, before ``.dockerignore``.
    """
    beside = folder / DOCKERFILE.with_name("Dockerfile.dockerignore")
    file = beside if beside.exists() else folder / ".dockerignore"
    if not file.exists():
        return []
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _is_ignored(path: str, patterns: list[str]) -> bool:
    ignored = False
    for line in patterns:
        back = line.startswith("!")
        pattern = line.lstrip("!").strip("/")
        bare = pattern.removeprefix("**/")
        parents = [path, *(str(parent) for parent in PurePosixPath(path).parents)]
        hit = any(fnmatch.fnmatchcase(part, pattern) for part in parents)
        if bare != pattern:
            hit = hit or any(fnmatch.fnmatchcase(part, bare) for part in PurePosixPath(path).parts)
        if hit:
            ignored = not back
    return ignored


def _expand(text: str, variables: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, fallback = found[1] or found[3], found[2]
        return variables.get(name) or (fallback or "")

    return re.sub(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))", value, text)


def _assignments(text: str) -> dict[str, str]:
    if "=" not in text.split(" ", maxsplit=1)[0]:
        name, _, value = text.partition(" ")
        return {name: value.strip()}
    pairs = (word.partition("=") for word in shlex.split(text))
    return {name: value for name, _, value in pairs}


def _program(rest: str) -> list[str]:
    words = _json_words(rest)
    return words if words is not None else ["/bin/sh", "-c", rest]


def _words(rest: str) -> list[str]:
    words = _json_words(rest)
    return words if words is not None else shlex.split(rest)


def _json_words(rest: str) -> list[str] | None:
    if not rest.startswith("["):
        return None
    try:
        words = json.loads(rest)
    except ValueError:
        return None
    return [str(word) for word in words] if isinstance(words, list) else None


def _unquote(value: str) -> str:
    return value.strip().strip("\"'")
