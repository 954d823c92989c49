"""What an image is made from. The builders are stand-ins; real ones are in tests/test_image.py."""

from __future__ import annotations

import json
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from runtime.tests.deploy.image.machine import BASE, DIGEST, NAME, Machine

if TYPE_CHECKING:
    from batcat_runtime.deploy.project import Project

from batcat_runtime.deploy.image import lock
from batcat_runtime.deploy.image.build import build, plan_build
from batcat_runtime.deploy.image.builders import Builder, find_builder
from batcat_runtime.deploy.image.index import index_of
from batcat_runtime.deploy.image.inputs import gather
from batcat_runtime.deploy.project import load_project
from batcat_runtime.errors import ConfigError, MissingError

# ---- which builder --------------------------------------------------------------------------


def test_docker_comes_first_and_buildah_where_docker_does_not_run(machine: Machine) -> None:
    machine.has("buildah").has("docker")
    assert find_builder().name == "docker"
    (machine.bin / "docker").unlink()
    assert find_builder().name == "buildah"


def test_a_builder_can_be_chosen(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.has("buildah").has("docker")
    assert find_builder("buildah").name == "buildah"
    monkeypatch.setenv("BATCAT_BUILDER", "buildah")
    assert find_builder().name == "buildah"
    with pytest.raises(ConfigError, match="no builder 'podman'; choose docker or buildah"):
        find_builder("podman")


def test_without_any_builder_each_is_named_with_what_it_lacks(machine: Machine) -> None:
    with pytest.raises(MissingError, match=r"docker: it is not installed; buildah: it is not inst"):
        find_builder()
    machine.has("docker")
    machine.fails("Cannot connect to the Docker daemon at unix:///x. Is it running?")
    with pytest.raises(MissingError, match=r"docker: Cannot connect .* Is it running\?; buildah: "):
        find_builder()


def test_a_docker_without_buildx_is_no_builder(machine: Machine) -> None:
    machine.has("docker")
    script = (
        (machine.bin / "docker")
        .read_text()
        .replace("while [", '[ "$1" = buildx ] && exit 1\nwhile [')
    )
    (machine.bin / "docker").write_text(script)
    with pytest.raises(MissingError, match="docker: it has no buildx"):
        find_builder()


# ---- what an image is made from -------------------------------------------------------------


def test_a_tag_follows_from_all_that_is_in_the_image_and_from_nothing_else(here: Project) -> None:
    tag = gather(here, BASE).tag
    assert gather(here, BASE).tag == tag
    for other in ("data/raw/more.csv", "script/__pycache__/clean.pyc", "notes.txt"):
        (here.root / other).parent.mkdir(exist_ok=True)
        (here.root / other).write_text("x")
        assert gather(here, BASE).tag == tag
    seen = {tag, gather(here, "other").tag}
    for part in (
        "script/clean.py",
        "deploy/docker/Dockerfile",
        "model/new.bin",
        str(lock.PACKAGES),
    ):
        with (here.root / part).open("a") as file:
            file.write("# changed\n")
        seen.add(gather(here, BASE).tag)
    (here.root / "script/clean.py").chmod(0o755)
    seen.add(gather(here, BASE).tag)
    (here.root / "script/clean.py").rename(here.root / "script/cleaned.py")
    seen.add(gather(here, BASE).tag)
    assert len(seen) == 8


def test_an_image_holds_this_runtime_without_what_only_a_laptop_needs(here: Project) -> None:
    gather(here, BASE)
    (wheel,) = (here.root / "deploy/docker/wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        rooms = {name.split("/")[1] for name in archive.namelist()}
    assert {"aws.py", "s3", "athena"} <= rooms
    assert not rooms & {"cli", "deploy", "emulator"}


@pytest.mark.parametrize("ignore", ["", "data\n", "!script\n*\n"], ids=["none", "all", "late"])
def test_data_cannot_reach_the_image_by_oversight(here: Project, ignore: str) -> None:
    (here.root / "deploy/docker/Dockerfile.dockerignore").write_text(ignore)
    with pytest.raises(ConfigError, match=r"must begin with a line \*"):
        gather(here, BASE)


def test_labels_say_which_commit_last_changed_what_is_in_the_image(here: Project) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        command = ["git", *identity, *arguments]
        done = subprocess.run(command, cwd=here.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    (here.root / ".copier-answers.yml").write_text("_commit: v1.2.3\n")
    (here.root / ".gitignore").write_text("/deploy/docker/wheels/*\n")
    assert "org.opencontainers.image.revision" not in gather(here, BASE).labels
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message=one")
    first = git("rev-parse", "HEAD")
    labels = gather(here, BASE).labels
    assert labels["org.opencontainers.image.revision"] == first
    assert labels["org.opencontainers.image.created"] == git("log", "-1", "--format=%cI")
    assert labels["org.opencontainers.image.base.digest"] == BASE.partition("@")[2]
    assert labels["org.opencontainers.image.title"] == NAME
    assert labels["batcat.template.version"] == "v1.2.3"
    (here.root / "README.md").write_text("changed\n")
    git("add", "--all")
    git("commit", "--quiet", "--message=two")
    assert gather(here, BASE).labels == labels  # nothing of the image has changed
    (here.root / "script/clean.py").write_text("changed\n")
    assert gather(here, BASE).labels["org.opencontainers.image.revision"] == f"{first}-dirty"


# ---- the lock -------------------------------------------------------------------------------


def test_a_lock_that_does_not_fit_is_refused_where_it_may_not_change(here: Project) -> None:
    assert lock.read_lock(here).is_current
    with (here.root / lock.REQUIREMENTS).open("a") as file:
        file.write("\n# a remark changes nothing\n")
    assert lock.read_lock(here).is_current
    with (here.root / lock.REQUIREMENTS).open("a") as file:
        file.write("fastjsonschema\n")
    with pytest.raises(ConfigError, match=r"packages.txt does not fit .* batcat image lock"):
        plan_build(here, locked=True)
    (here.root / lock.PACKAGES).unlink()
    with pytest.raises(ConfigError, match=r"packages.txt is missing .* run: batcat image lock"):
        plan_build(here, locked=True)


def test_a_version_that_was_not_tested_here_is_named(here: Project) -> None:
    (note,) = plan_build(here).notes
    assert note.startswith("fastjsonschema is 2.19.0 in the image and ")


def test_a_missing_base_is_refused_where_it_may_not_be_made(here: Project) -> None:
    (here.root / lock.BASE).unlink()
    with pytest.raises(ConfigError, match=r"base.txt is missing, .* run: batcat image lock"):
        plan_build(here, locked=True)
    dockerfile = here.root / "deploy" / "docker" / "Dockerfile"
    lock.lock_base(here, Builder("buildah", "never called"), BASE)
    assert plan_build(here, locked=True).inputs.base == BASE
    dockerfile.write_text("ARG BASE=python:3.13-slim\nFROM ${BASE}\n")
    with pytest.raises(ConfigError, match=r"pins another base than the Dockerfile names"):
        plan_build(here, locked=True)
    assert plan_build(here, base="localhost/trial", locked=True).inputs.base == "localhost/trial"


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("not-installed.anywhere>=1", "names not-installed.anywhere, which is not installed here"),
        ("git+https://git.example/team/tool.git@v1", "cannot be hashed, and the base has no git"),
        ("tool @ git+https://git.example/tool.git", "cannot be hashed, and the base has no git"),
    ],
)
def test_what_no_test_has_seen_or_no_hash_names_is_not_locked(
    here: Project, line: str, refusal: str
) -> None:
    with (here.root / lock.REQUIREMENTS).open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(ConfigError, match=refusal):
        lock.lock_packages(here)


def test_uv_locks_what_is_installed_here_with_hashes(here: Project) -> None:
    locked = lock.lock_packages(here)
    text = (here.root / lock.PACKAGES).read_text()
    assert locked.is_current
    assert locked.packages["boto3"] == lock._installed()["boto3"]  # noqa: SLF001
    assert "fastjsonschema" in locked.packages  # batcat-runtime needs it
    assert "batcat-runtime" not in locked.packages  # it comes as a wheel
    assert text.count("--hash=sha256:") >= len(locked.packages)
    assert not lock.differences(locked)


def test_the_image_gets_the_extras_that_its_sources_need(here: Project) -> None:
    config = here.root / "deploy" / "config.json"
    told = json.loads(config.read_text())
    athena = {"athena_database": "lake", "athena_workgroup": "primary"}
    config.write_text(json.dumps({**told, **athena, "data_sources": ["s3", "athena"]}))
    assert lock.runtime_requirement(here) == "batcat-runtime"
    assert lock.runtime_requirement(load_project(here.root)) == "batcat-runtime[athena]"
    assert not lock.read_lock(load_project(here.root)).is_current


def test_a_base_is_pinned_by_the_builder_that_will_pull_it(here: Project, machine: Machine) -> None:
    machine.has("buildah").has("docker")
    for name, answer in {"docker": f'["python@{DIGEST}"]', "buildah": DIGEST}.items():
        machine.answers(name, answer)
        assert lock.lock_base(here, find_builder(name)).endswith(f"@{DIGEST}")
        assert lock.read_lock(here).base.endswith(f"@{DIGEST}")
    assert "docker pull --quiet --platform linux/amd64 python:3.12-slim" in machine.told()


def test_a_base_that_no_registry_has_is_not_pinned(here: Project, machine: Machine) -> None:
    machine.has("docker")
    machine.answers("docker", "[]")
    with pytest.raises(ConfigError, match="has no digest, for no registry has it"):
        lock.lock_base(here, find_builder(), "mine:latest")
    assert lock.read_lock(here).base == BASE


# ---- the index ------------------------------------------------------------------------------


def test_a_mirror_reaches_the_build_and_its_password_no_command_line(
    here: Project, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.has("buildah")
    monkeypatch.setenv("PIP_INDEX_URL", "https://ada:pass%40word@mirror.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///srv/simple https://more.example/simple")
    build(plan_build(here))
    assert "pass%40word" not in machine.told()
    secrets = machine.told("secrets")
    assert "index-url = https://ada:pass%40word@mirror.example/simple\n" in secrets
    assert "extra-index-url = https://more.example/simple\n" in secrets  # a folder is no use there
    assert "pass" not in repr(index_of(here.root))


def test_the_index_of_the_project_is_used_where_the_machine_names_none(
    here: Project, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    del machine  # its variables
    (here.root / "requirements.txt").write_text("--index-url https://project.example/simple\n")
    assert index_of(here.root).settings["index-url"] == "https://project.example/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "https://machine.example/simple")
    assert index_of(here.root).settings["index-url"] == "https://machine.example/simple"
    assert index_of(here.root).environment["UV_DEFAULT_INDEX"] == "https://machine.example/simple"
