"""A repository of images over the network, as far as copying an image takes it.

Source: OCI Distribution Specification 1.1, "Pull" and "Push", which Amazon ECR speaks, too.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from batcat_runtime.errors import AccessError, DeployError, MissingError

from .repository import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .repository import Repository

_OK, _CREATED, _ACCEPTED = 200, 201, 202
_DENIED, _ABSENT = (401, 403), 404
_RETRIES = 3
_CHUNK = 8 * 1024 * 1024  # bytes
_TIMEOUT = 60.0  # seconds without a byte


class Registry:
    """One repository in a registry.

    Args:
        repository: which.
        token: ``user:password`` in Base64, as ECR gives it.
    """

    def __init__(self, repository: Repository, token: str) -> None:
        import urllib3  # comes with botocore

        host, _, self._name = repository.uri.partition("/")
        # As Docker has it: a registry on this machine is spoken to in the clear.
        scheme = "http" if urlsplit(f"//{host}").hostname in {"127.0.0.1", "localhost"} else "https"
        self._base = f"{scheme}://{host}/v2/{self._name}/"
        self._headers = {"Authorization": f"Basic {token}"}
        self._host = host
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT)

    def manifest(self, digest: str) -> bytes:
        """Fetch a manifest; its bytes, which fit the digest.

        Raises:
            MissingError: it is not there.
            DeployError: what came is something else.
        """
        with self._ask("GET", f"manifests/{digest}", Accept=MEDIA_TYPE) as answer:
            body = bytes(answer.read())
        if f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
            raise DeployError(f"{self._host} sent another manifest than {digest}; try again")
        return body

    def has(self, digest: str) -> bool:
        """Whether a layer or configuration is there."""
        try:
            with self._ask("HEAD", f"blobs/{digest}"):
                return True
        except MissingError:
            return False

    def read(self, digest: str) -> Iterator[bytes]:
        """Fetch a layer or configuration, piece by piece."""
        with self._ask("GET", f"blobs/{digest}") as answer:
            yield from answer.stream(_CHUNK)

    def write(self, digest: str, body: Iterator[bytes], size: int) -> None:
        """Bring a layer or configuration; the registry refuses what does not fit the digest."""
        with self._ask("POST", "blobs/uploads/", expected=_ACCEPTED) as answer:
            place = self._place(answer)
        sent = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with self._ask("PATCH", place, body=body, expected=_ACCEPTED, **sent) as answer:
            place = self._place(answer)
        mark = "&" if "?" in place else "?"
        with self._ask("PUT", f"{place}{mark}digest={digest}", expected=_CREATED):
            pass

    def tag(self, tag: str, manifest: bytes) -> None:
        """Bring a manifest whose parts are all there, under a tag."""
        kind = {"Content-Type": MEDIA_TYPE}
        with self._ask("PUT", f"manifests/{tag}", body=manifest, expected=_CREATED, **kind):
            pass

    def _place(self, answer: Any) -> str:
        return urljoin(self._base, str(answer.headers["Location"]))

    def _ask(
        self, verb: str, path: str, *, body: Any = None, expected: int = _OK, **headers: str
    ) -> Any:
        import urllib3
        from urllib3.exceptions import HTTPError

        url = urljoin(self._base, path)
        try:
            answer = self._pool.request(
                verb,
                url,
                body=body,
                headers={**self._headers, **headers},
                preload_content=False,
                # A stream that has been read cannot be sent twice.
                retries=urllib3.Retry(False) if verb == "PATCH" else urllib3.Retry(_RETRIES),
            )
        except HTTPError as error:
            raise DeployError(f"{self._host} cannot be reached: {error}; try again") from error
        if answer.status == expected:
            return answer
        told = answer.read().decode(errors="replace")
        answer.release_conn()
        what = f"{verb} {urlsplit(url).path} at {self._host}"
        if answer.status == _ABSENT:
            raise MissingError(f"{what}: it is not there")
        if answer.status in _DENIED:
            raise AccessError(f"{what} is refused ({_reason(told)}); ask for the right")
        raise DeployError(f"{what} failed with status {answer.status} ({_reason(told)}); try again")


def _reason(body: str) -> str:
    try:
        return "; ".join(one.get("message", one["code"]) for one in json.loads(body)["errors"])
    except (ValueError, KeyError, TypeError):
        return body.strip()[:200] or "no reason given"
