"""A real image: buildah builds it on a base by debootstrap, a step runs in it, a registry gets it.

Needs root, buildah, debootstrap and docker-registry: ``.ci/run`` installs them.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from runtime.tests.deploy.image.ecr import PASSWORD, V2S2, Ecr, serve
from runtime.tests.deploy.image.registries import registry

from batcat_runtime.deploy.image.build import plan_build
from batcat_runtime.deploy.image.push import push
from batcat_runtime.deploy.project import load_project
from batcat_runtime.emulator import LocalAws

pytestmark = pytest.mark.image

RELEASE, PYTHON = "bookworm", "3.11"
BASE = "localhost/debian-python"
NAME = "2026-health-screening-inference"
LOGIN = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
SPARE = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")

Run = Callable[..., Any]


def program(name: str) -> str:
    """A program's path; these tests are only begun where all are installed."""
    found = shutil.which(name)
    assert found, f"{name} is not installed"
    return found


@dataclass
class Shop:
    """Where images are made and kept, apart from those of whoever runs the tests.

    Attributes:
        folder: of all its files.
        registry: host and port of its registry.
        environment: variables with which buildah and batcat use it.
    """

    folder: Path
    registry: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def buildah(self, *arguments: str) -> str:
        """Run buildah."""
        done = subprocess.run(
            [program("buildah"), *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def image(self, name: str, wanted: str) -> dict[str, Any] | None:
        """What ECR says of an image, from the registry itself."""
        headers = {"Authorization": f"Basic {LOGIN}", "Accept": V2S2}
        with closing(HTTPConnection(self.registry, timeout=60)) as connection:
            connection.request("GET", f"/v2/{name}/manifests/{wanted}", headers=headers)
            answer = connection.getresponse()
            manifest, digest = json.load(answer), answer.headers["Docker-Content-Digest"]
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        size = sum(layer["size"] for layer in manifest["layers"])
        kind = manifest["mediaType"]
        return {"imageDigest": digest, "imageSizeInBytes": size, "imageManifestMediaType": kind}


def put_debian(root: Path) -> None:
    """Put a Debian with Python into a folder, by debootstrap."""
    packages = "--include=python3,python3-pip,ca-certificates"
    done = subprocess.run(
        [program("debootstrap"), "--variant=minbase", packages, RELEASE, str(root)],
        env={**os.environ, "DPKG_FORCE": "unsafe-io"},  # nobody needs it after a power cut
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    for folder in SPARE:
        shutil.rmtree(root / folder, ignore_errors=True)
    # As in the image python:3.x-slim, pip may install into the one Python there is.
    (root / "usr/lib" / f"python{PYTHON}" / "EXTERNALLY-MANAGED").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """A shop with the base in it."""
    with tempfile.TemporaryDirectory(prefix="batcat-shop-") as scratch:
        folder = Path(scratch)
        with registry(folder) as address:
            place = f'driver = ""\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
            (folder / "storage.conf").write_text(f"[storage]\n{place}")
            (folder / "registries.conf").write_text(
                f'[[registry]]\nlocation = "{address}"\ninsecure = true\n'
            )
            shop = Shop(folder, address)
            shop.environment = {
                "CONTAINERS_STORAGE_CONF": f"{folder}/storage.conf",
                "CONTAINERS_REGISTRIES_CONF": f"{folder}/registries.conf",
                "BUILDAH_ISOLATION": "chroot",
                "BATCAT_BUILDER": "buildah",
            }
            container = shop.buildah("from", "scratch")
            put_debian(Path(shop.buildah("mount", container)))
            path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
            shop.buildah("config", "--env", f"PATH={path}", container)
            shop.buildah("commit", "--quiet", "--rm", "--timestamp=0", container, BASE)
            yield shop
        shop.buildah("rm", "--all")  # and with it, its mounts


@pytest.fixture(scope="module")
def project(render: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare project with some data; of packages, it needs pandas."""
    folder = render(
        tmp_path_factory.mktemp("image") / "p", python_version=PYTHON, example=False, steps="score"
    )
    (folder / "data" / "raw" / "measurements.csv").write_text("id,x\n1,1.5\n2,\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def built(project: Path, shop: Shop, run: Run) -> dict[str, Any]:
    """What batcat says of the image it has built."""
    return build(run, project, shop)


def build(run: Run, project: Path, shop: Shop, *options: str) -> dict[str, Any]:
    command = ("batcat", "image", "build", "--base", BASE, "--json", *options)
    document: dict[str, Any] = json.loads(run(project, *command, **shop.environment).stdout)
    return document


def look(shop: Shop, image: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(shop.buildah("inspect", "--type", "image", image))
    found: dict[str, Any] = document["Docker"]
    return found


def inside(shop: Shop, image: str, command: str, *options: str) -> str:
    """Run a command in a container of the image."""
    container = shop.buildah("from", "--pull-never", image)
    try:
        return shop.buildah("run", *options, container, "--", "sh", "-c", command)
    finally:
        shop.buildah("rm", container)


def test_the_image_holds_what_is_locked_and_nothing_of_how_it_was_built(
    built: dict[str, Any], project: Path, shop: Shop
) -> None:
    image = look(shop, built["id"])
    assert image["architecture"] == "amd64"
    inherited = look(shop, BASE)["config"].get("Labels") or {}
    assert image["config"]["Labels"] == {**inherited, **built["labels"]}
    assert inside(shop, built["id"], "ls /opt/project").split() == ["lock", "model", "script"]
    left = "find /run/secrets ~root/.cache /tmp -mindepth 1 2> /dev/null; true"
    assert inside(shop, built["id"], left) == ""
    frozen = inside(shop, built["id"], "pip freeze").splitlines()
    pins = (project / "deploy/docker/lock/packages.txt").read_text().splitlines()
    assert {line.split()[0] for line in pins if "==" in line} <= set(frozen)
    assert built["size"] < 500e6
    sys.stdout.write(f"image: {built['size'] / 1e6:.0f} MB with its base\n")


def test_a_step_does_in_the_image_what_it_did_on_the_local_aws(
    built: dict[str, Any], project: Path, shop: Shop, run: Run, tmp_path: Path
) -> None:
    with LocalAws(images={NAME: project}) as aws:
        ran = json.loads(run(project, "batcat", "run", "--json", **aws.environment).stdout)["run"]
        fetch(aws, f"inference/run-input/{ran}/", tmp_path / "in")
        fetch(aws, f"inference/{ran}/score/", tmp_path / "there")
    (tmp_path / "here").mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "processingjobconfig.json").write_text("{}")  # SageMaker describes a job
    inside(
        shop,
        built["id"],
        "python3 script/score.py",
        *("--volume", f"{tmp_path}/config:/opt/ml/config:ro"),
        *("--volume", f"{tmp_path}/in:/opt/ml/processing/input/raw:ro"),
        *("--volume", f"{tmp_path}/here:/opt/ml/processing/score"),
    )
    here, there = (
        [file.read_bytes() for file in (tmp_path / place).iterdir()] for place in ("here", "there")
    )
    assert here == there
    assert len(here) == 1


def fetch(aws: LocalAws, prefix: str, folder: Path) -> None:
    """Copy the objects below a prefix into a folder."""
    folder.mkdir()
    s3 = aws.client("s3")
    bucket = "2026-health-screening-us-east-1"
    for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
        s3.download_file(bucket, one["Key"], str(folder / Path(one["Key"]).name))


@pytest.mark.long
def test_layers_are_the_same_bytes_in_every_build(
    built: dict[str, Any], project: Path, shop: Shop, run: Run, tmp_path: Path
) -> None:
    """Elsewhere, at another time and without a cache."""
    other = shutil.copytree(project, tmp_path / "elsewhere")
    for file in (other / "script").iterdir():
        file.touch()
    again = build(run, other, shop, "--no-cache")
    assert again["image"] == built["image"]
    assert look(shop, again["id"])["rootfs"] == look(shop, built["id"])["rootfs"]


def test_a_changed_script_leaves_the_packages_in_the_cache(
    built: dict[str, Any], project: Path, shop: Shop, run: Run, tmp_path: Path
) -> None:
    other = shutil.copytree(project, tmp_path / "elsewhere")
    with (other / "script" / "score.py").open("a") as file:
        file.write("# changed\n")
    began = time.monotonic()
    again = build(run, other, shop)
    sys.stdout.write(f"built again after a change of a script: {time.monotonic() - began:.1f} s\n")
    assert again["image"] != built["image"]
    before, after = (look(shop, one["id"])["rootfs"]["diff_ids"] for one in (built, again))
    assert [new != old for old, new in zip(before, after, strict=True)].count(True) == 1


def test_an_image_is_pushed_by_digest_and_once(
    built: dict[str, Any], project: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a registry that wants a password, whose images ECR then describes."""
    ecr = Ecr(shop.registry, shop.image)
    with serve(ecr) as url:
        account = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }
        for name, value in {**shop.environment, **account}.items():
            monkeypatch.setenv(name, value)
        plan = plan_build(load_project(project, "dev"), base=BASE)
        assert plan.name == built["image"]
        done = push(plan)
        assert (done.was_there, done.made_repository) == (False, True)
        monkeypatch.setenv("PATH", str(shop.folder))  # where there is no builder
        again = push(plan)
    assert again.was_there
    assert again.image == done.image
    size = f"{done.image.size / 1e6:.0f} MB"
    sys.stdout.write(f"image: {size} to download\n")
    monkeypatch.undo()
    # Whoever pulls by this digest gets the image that was built.
    shop.buildah("pull", "--quiet", f"--creds=AWS:{PASSWORD}", f"docker://{done.image.uri}")
    assert look(shop, done.image.uri)["rootfs"] == look(shop, built["id"])["rootfs"]
