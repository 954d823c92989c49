"""What Amazon ECR answers, beside a registry that holds the images."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACCOUNT = "123456789012"
V2S2 = "application/vnd.docker.distribution.manifest.v2+json"
PASSWORD = "made-up-password"
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"

Images = Callable[[str, str], "dict[str, Any] | None"]


class Ecr:
    """Repositories in memory; images are in ``pushed``, or asked for where they are.

    Args:
        registry: host name of the registry, as repositoryUri begins.
        images: gives ImageDetail of a repository's image by tag or digest, or None.
    """

    def __init__(self, registry: str, images: Images | None = None) -> None:
        self.registry = registry
        self.pushed: dict[str, dict[str, Any]] = {}
        self.images = images or (lambda _, wanted: self.pushed.get(wanted))
        self.repositories: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, str] = {}
        self.calls: list[str] = []
        self.denied: set[str] = set()

    def answer(self, operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer a request; HTTP status and body."""
        self.calls.append(operation)
        name = asked.get("repositoryName") or next(iter(asked.get("repositoryNames", [])), "")
        if operation in self.denied:
            return refusal("AccessDeniedException", f"not authorized to perform: ecr:{operation}")
        if operation == "GetAuthorizationToken":
            token = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
            return 200, {"authorizationData": [{"authorizationToken": token}]}
        if operation == "CreateRepository":
            self.repositories[name] = {**asked, "repositoryUri": f"{self.registry}/{name}"}
        elif name not in self.repositories:
            return refusal("RepositoryNotFoundException", f"no repository {name}")
        elif operation == "PutLifecyclePolicy":
            self.policies[name] = asked["lifecyclePolicyText"]
        elif operation == "DescribeImages":
            found = self.images(name, next(iter(asked["imageIds"][0].values())))
            images = {"imageDetails": [found]}
            return (200, images) if found else refusal("ImageNotFoundException", "no such image")
        uri = {"repositoryName": name, "repositoryUri": self.repositories[name]["repositoryUri"]}
        return 200, {"repository": uri} if operation[0] == "C" else {"repositories": [uri]}


def refusal(code: str, message: str) -> tuple[int, dict[str, Any]]:
    """An error as the JSON protocol has it."""
    return 400, {"__type": code, "message": message}


IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::{0}:user/ada</Arn><UserId>A</UserId>
<Account>{0}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


@contextmanager
def serve(ecr: Ecr) -> Iterator[str]:
    """Serve ECR and the one operation of STS that a push begins with.

    Yields:
        The endpoint's URL.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers.get("X-Amz-Target", "")
            if target:
                status, answer = ecr.answer(target.rpartition(".")[2], json.loads(body))
                sent = json.dumps(answer).encode()
            else:
                status, sent = 200, IDENTITY.format(ACCOUNT).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
