"""The image of one environment is copied to another, between real registries."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import deque
from contextlib import closing
from dataclasses import replace
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from runtime.tests.deploy.image.ecr import PASSWORD, V2S2, Ecr, serve
from runtime.tests.deploy.image.machine import NAME
from runtime.tests.deploy.image.registries import registry

from batcat_runtime import aws
from batcat_runtime.deploy import apply, load_project, make_plan
from batcat_runtime.deploy.image import lock
from batcat_runtime.deploy.image.build import plan_build
from batcat_runtime.deploy.image.promote import Origin, check, find_origin, profile, promote
from batcat_runtime.deploy.image.registry import Registry
from batcat_runtime.deploy.image.repository import Repository
from batcat_runtime.errors import AccessError, ConfigError, DeployError, MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batcat_runtime.deploy import Project
    from batcat_runtime.emulator import LocalAws

TOKEN = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
TAG = "content-0123456789ab"
LAYERS = [b"a layer" * 1000, b"another" * 5, b"a layer" * 1000]


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def repository(host: str, token: str = TOKEN) -> Registry:
    return Registry(Repository(f"{host}/{NAME}"), token)


def fill(host: str) -> Origin:
    """Bring an image of three layers, two of them the same, into a registry."""
    place = repository(host)
    config = b'{"architecture": "amd64"}'
    for body in [config, *LAYERS]:
        place.write(digest_of(body), iter([body[:100], body[100:]]), len(body))
    parts = [{"digest": digest_of(body), "size": len(body)} for body in [config, *LAYERS]]
    manifest = {"schemaVersion": 2, "mediaType": V2S2, "config": parts[0], "layers": parts[1:]}
    body = json.dumps(manifest).encode()
    place.tag(TAG, body)
    return Origin(place, digest_of(body), TAG, f"{host}/{NAME}@{digest_of(body)}")


def asked(host: str, path: str) -> tuple[int, dict[str, str]]:
    """What a registry answers to somebody else."""
    headers = {"Authorization": f"Basic {TOKEN}", "Accept": V2S2}
    with closing(HTTPConnection(host, timeout=10)) as connection:
        connection.request("GET", f"/v2/{NAME}/{path}", headers=headers)
        with connection.getresponse() as answer:
            return answer.status, dict(answer.headers)


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[Origin]:
    """An image in the registry of one environment."""
    with registry(tmp_path / "dev") as host:
        yield fill(host)


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Ecr]]:
    """The registry of another environment, and ECR before it."""
    with registry(tmp_path / "prod") as host:

        def image(_: str, wanted: str) -> dict[str, Any] | None:
            status, headers = asked(host, f"manifests/{wanted}")
            if status == HTTPStatus.NOT_FOUND:
                return None
            found = headers["Docker-Content-Digest"]
            return {"imageDigest": found, "imageSizeInBytes": 7, "imageManifestMediaType": V2S2}

        ecr = Ecr(host, image)
        with serve(ecr) as url:
            keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
            for name, value in {"AWS_ENDPOINT_URL": url, **keys, "AWS_REGION": "us-east-1"}.items():
                monkeypatch.setenv(name, value)
            yield host, ecr


@pytest.mark.image
def test_an_image_is_copied_byte_for_byte(
    here: Project, origin: Origin, target: tuple[str, Ecr]
) -> None:
    host, _ = target
    said: list[str] = []
    done = promote(origin, here, say=said.append)
    assert done.image.uri == f"{host}/{NAME}@{origin.digest}"
    assert done.made_repository
    assert len(said) == 3  # the configuration and two layers, of which one is there twice
    status, headers = asked(host, f"manifests/{TAG}")
    assert (status, headers["Docker-Content-Digest"]) == (HTTPStatus.OK, origin.digest)
    for body in LAYERS:
        assert asked(host, f"blobs/{digest_of(body)}")[0] == HTTPStatus.OK

    said.clear()
    assert promote(origin, here, say=said.append).was_there
    assert said == []


@pytest.mark.image
def test_what_is_there_already_is_not_copied_again(
    here: Project, origin: Origin, target: tuple[str, Ecr]
) -> None:
    host, _ = target
    repository(host).write(digest_of(LAYERS[0]), iter([LAYERS[0]]), len(LAYERS[0]))
    said: list[str] = []
    promote(origin, here, say=said.append)
    assert len(said) == 2


@pytest.mark.image
def test_a_copy_that_breaks_off_leaves_no_image(
    here: Project, origin: Origin, target: tuple[str, Ecr], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registry itself refuses what does not fit its digest."""
    host, _ = target

    def read(_: Registry, digest: str) -> Iterator[bytes]:
        body = next(
            body for body in [b'{"architecture": "amd64"}', *LAYERS] if digest_of(body) == digest
        )
        yield body[:-1] + b"?"

    monkeypatch.setattr(Registry, "read", read)
    with pytest.raises(DeployError, match=r"failed with status 400 .*try again"):
        promote(origin, here)
    assert asked(host, f"manifests/{TAG}")[0] == HTTPStatus.NOT_FOUND
    monkeypatch.undo()


@pytest.mark.image
@pytest.mark.usefixtures("target")
def test_another_image_under_the_same_tag_is_not_replaced(here: Project, origin: Origin) -> None:
    promote(origin, here)
    other = replace(origin, digest=f"sha256:{'0' * 64}")
    with pytest.raises(DeployError, match="has another image with the tag content-0123456789ab"):
        promote(other, here)


@pytest.mark.image
def test_a_registry_says_what_it_refuses(origin: Origin) -> None:
    host = origin.uri.partition("/")[0]
    shut = repository(host, base64.b64encode(b"AWS:wrong").decode())
    with pytest.raises(AccessError, match=f"manifests/{origin.digest} at {host} is refused"):
        shut.manifest(origin.digest)
    with pytest.raises(MissingError, match="it is not there"):
        deque(origin.registry.read(f"sha256:{'0' * 64}"), 0)
    with pytest.raises(DeployError, match="cannot be reached"):
        repository("127.0.0.1:1").has(origin.digest)


@pytest.fixture
def tried(account: LocalAws, here: Project) -> Iterator[Project]:
    """The project on the local AWS, where a repository is."""
    del account
    project = load_project(here.root)
    ecr = aws.client("ecr", project.region)
    ecr.create_repository(repositoryName=project.repository)
    yield project
    ecr.delete_repository(repositoryName=project.repository, force=True)


def put(project: Project, layers: int = 0) -> tuple[str, str]:
    """Bring an image of the project as it is now into its repository: address and digest."""
    ecr = aws.client("ecr", project.region)
    manifest = {"schemaVersion": 2, "mediaType": V2S2, "layers": [{}] * layers, "config": {}}
    made = ecr.put_image(
        repositoryName=project.repository,
        imageManifest=json.dumps(manifest),
        imageManifestMediaType=V2S2,
        imageTag=plan_build(project, locked=True).inputs.tag,
    )["image"]
    (place,) = ecr.describe_repositories(repositoryNames=[project.repository])["repositories"]
    digest = made["imageId"]["imageDigest"]
    return f"{place['repositoryUri']}@{digest}", digest


def test_the_image_of_these_sources_is_found_where_it_was_tried(tried: Project) -> None:
    """Also when that environment has gone on to the next by the time of its approval."""
    uri, digest = put(tried)
    for _ in apply(make_plan(replace(tried, image_uri=uri))):
        pass
    found = find_origin(tried)
    assert (found.digest, found.uri, found.is_running) == (digest, uri, True)

    script = tried.root / "script" / "clean.py"
    before = script.read_text(encoding="utf-8")
    script.write_text(f"{before}# the next commit\n", encoding="utf-8")
    with pytest.raises(MissingError, match=rf"has no image of .* it runs {uri}\. Go to the commit"):
        find_origin(tried)
    later, _ = put(tried, layers=1)
    for _ in apply(make_plan(replace(tried, image_uri=later))):
        pass
    assert find_origin(tried).uri == later
    script.write_text(before, encoding="utf-8")
    found = find_origin(tried)
    assert (found.digest, found.is_running) == (digest, False)

    (tried.root / lock.REQUIREMENTS).write_text("fastjsonschema\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="batcat image lock"):
        find_origin(tried)


def test_what_is_no_promotion_is_refused(folder: Path) -> None:
    dev, local = load_project(folder, "dev"), load_project(folder)
    with pytest.raises(ConfigError, match="environment local has no registry"):
        check(dev, local)
    with pytest.raises(ConfigError, match="the image of dev is there already"):
        check(dev, dev)
    named = replace(dev, environment="prod", image_uri="123.dkr/…")
    with pytest.raises(MissingError, match="prod names its image itself"):
        check(dev, named)


def test_another_profile_is_used_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    import os

    with profile("acme-dev"):
        assert os.environ["AWS_PROFILE"] == "acme-dev"
        assert "AWS_ACCESS_KEY_ID" not in os.environ
    assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIA"
    with profile(""):
        assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIA"
