"""Images without containers: what of a project folder a job finds."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from batcat_runtime.emulator.images import ImageError, read_dockerfile, repository_of, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from batcat_runtime.emulator.images import Container

    Project = Callable[..., Container]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Unpacks a project with some files and the Dockerfile given."""

    def unpacked(dockerfile: str | None, ignore: str = "", beside: str = "") -> Container:
        folder = tmp_path / "project"
        for name in ("script/a.py", "script/deep/b.py", "model/m.joblib", "data/raw.csv", "x.txt"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
        (folder / ".venv").mkdir()
        if dockerfile is not None:
            (folder / "deploy/docker").mkdir(parents=True)
            (folder / "deploy/docker/Dockerfile").write_text(dedent(dockerfile))
        if beside:
            (folder / "deploy/docker/Dockerfile.dockerignore").write_text(beside)
        if ignore:
            (folder / ".dockerignore").write_text(ignore)
        return unpack("1.dkr.ecr.eu-west-1.amazonaws.com/p:1", {"p": folder}, tmp_path / "root")

    return unpacked


def files(container: Container) -> list[str]:
    """Every file of the snapshot, as container paths."""
    found = sorted(path for path in container.root.rglob("*") if path.is_file())
    return [f"/{path.relative_to(container.root).as_posix()}" for path in found]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/team/repo:latest", "team/repo"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/repo@sha256:12ab", "repo"),
        ("localhost:5000/repo:1", "repo"),
        ("repo:1", "repo"),
        ("team/repo", "team/repo"),
    ],
)
def test_an_image_is_known_by_its_repository(uri: str, name: str) -> None:
    """Registry, tag and digest do not matter."""
    assert repository_of(uri) == name


def test_only_what_is_copied_is_there(project: Project) -> None:
    """A forgotten COPY fails here as it would in AWS."""
    container = project(
        """
        FROM python
        WORKDIR /app
        COPY script/ script/
        COPY x.txt notes.txt
        """,
    )
    assert files(container) == ["/app/notes.txt", "/app/script/a.py", "/app/script/deep/b.py"]
    assert container.cwd == container.root / "app"


@pytest.mark.parametrize(
    ("copy", "there"),
    [
        ("COPY script /opt/program", ["/opt/program/a.py", "/opt/program/deep/b.py"]),
        ("COPY x.txt /", ["/x.txt"]),
        ("COPY x.txt model/m.joblib ./", ["/app/m.joblib", "/app/x.txt"]),
        ('COPY ["x.txt", "with space/"]', ["/app/with space/x.txt"]),
        ("COPY --chown=1:1 script/*.py .", ["/app/a.py"]),
        ("COPY \\\n  x.txt \\\n  y.txt", ["/app/y.txt"]),
        ("ARG FROM_DIR=model\nCOPY ${FROM_DIR}/m.joblib m", ["/app/m"]),
        ("ADD x.txt x", ["/app/x"]),
        ("COPY --from=build /wheels /wheels", []),
    ],
)
def test_copy_means_what_it_means_to_docker(project: Project, copy: str, there: list[str]) -> None:
    """Folders give their content, a trailing slash means into, several sources too."""
    assert files(project(f"FROM python\nWORKDIR /app\n{copy}\n")) == there


def test_only_the_last_stage_counts(project: Project) -> None:
    """What an earlier stage copies stays in it."""
    container = project("FROM a AS build\nCOPY data /data\nFROM b\nCOPY x.txt /x.txt\n")
    assert files(container) == ["/x.txt"]


def test_the_ignore_file_is_respected(project: Project) -> None:
    """COPY . . leaves out what .dockerignore names; a ! brings back."""
    container = project(
        "FROM a\nWORKDIR /app\nCOPY . .\n",
        ignore="# all but scripts\n*\n!script\n**/b.py\n",
    )
    assert files(container) == ["/app/script/a.py"]


def test_the_ignore_file_beside_the_dockerfile_comes_first(project: Project) -> None:
    """Dockerfile.dockerignore, as BuildKit has it."""
    container = project("FROM a\nCOPY . /\n", ignore="*", beside="*\n!x.txt\n")
    assert files(container) == ["/x.txt"]


def test_a_copy_of_nothing_is_an_error(project: Project) -> None:
    """As docker build would say."""
    with pytest.raises(ImageError, match=r"copies models/, which does not exist"):
        project("FROM a\nCOPY models/ /models\n")


def test_without_a_dockerfile_the_whole_folder_is_there(project: Project) -> None:
    """But not what no image would hold."""
    container = project(None)
    assert "/app/data/raw.csv" in files(container)
    assert not (container.root / "app/.venv").exists()


def test_the_dockerfile_says_what_runs_and_with_which_environment() -> None:
    """ENTRYPOINT, CMD, ENV and nested WORKDIRs, in either spelling."""
    recipe = read_dockerfile(
        dedent(
            """
            # a comment
            FROM a
            ENV COLOUR=green SIZE="very large"
            ENV OLD style
            WORKDIR /app
            WORKDIR deploy
            ENV PYTHONPATH=/app/src:$COLOUR
            ENTRYPOINT ["python3", "-m", "job"]
            CMD echo hello
            """
        )
    )
    assert recipe.workdir == "/app/deploy"
    assert recipe.environment == {
        "COLOUR": "green",
        "SIZE": "very large",
        "OLD": "style",
        "PYTHONPATH": "/app/src:green",
    }
    assert recipe.entrypoint == ["python3", "-m", "job"]
    assert recipe.command == ["/bin/sh", "-c", "echo hello"]


def test_paths_of_the_image_are_found_in_the_snapshot(project: Project) -> None:
    """In arguments and in ENV; paths that are not in the image stay as they are."""
    container = project("FROM a\nENV PYTHONPATH=/code:/usr/lib/x PATH=/bin\nCOPY script /code\n")
    root = container.root
    assert container.path("/code/a.py") == f"{root}/code/a.py"
    assert container.path("--model=/opt/ml/x") == f"--model={root}/opt/ml/x"
    assert container.path("/usr/bin/env") == "/usr/bin/env"
    assert container.environment() == {"PYTHONPATH": f"{root}/code:/usr/lib/x"}
