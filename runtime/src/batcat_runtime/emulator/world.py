"""What every emulated service shares: where it runs, and how it reaches the others."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass, field
from functools import partial
from threading import Event, RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .iam.callers import Credentials

ACCESS_KEY = "batcat-local"
SECRET_KEY = "batcat-local-secret"  # noqa: S105 - a made-up value that opens nothing


CALLED_VIA = "batcat-called-via"
"""Header that names the service which passes on a caller's rights (``aws:CalledVia``)."""


def partition_of(region: str) -> str:
    """Partition of a region: aws, aws-cn or aws-us-gov."""
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(prefix):
            return partition
    return "aws"


@dataclass
class World:
    """The one object that each service is constructed with.

    Attributes:
        url: endpoint of this server, e.g. ``http://127.0.0.1:45678``.
        region: region used when a request names none.
        account: twelve-digit account id.
        images: repository name of an image to the project folder that stands for it.
        workdir: folder for work files; removed at the end.
        state: folder that survives a restart, or None.
        closing: callbacks that run when the server stops, last registered first.
        stopping: set when the server begins to stop.
    """

    url: str
    region: str
    account: str
    images: dict[str, Path]
    workdir: Path
    state: Path | None = None
    closing: list[Callable[[], None]] = field(default_factory=list)
    stopping: Event = field(default_factory=Event)
    _clients: dict[tuple[str, str, str, str], Any] = field(default_factory=dict)
    _shared: dict[str, Any] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    @property
    def partition(self) -> str:
        """Partition of the default region."""
        return partition_of(self.region)

    @property
    def jobs(self) -> Path:
        """Folder below which each Processing job has its own."""
        return (self.state or self.workdir) / "jobs"

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        """ARN in this account, e.g. ``arn("sagemaker", "processing-job/x")``."""
        region = region or self.region
        return f"arn:{partition_of(region)}:{service}:{region}:{self.account}:{resource}"

    def client(
        self, service: str, region: str | None = None, key: str = ACCESS_KEY, via: str = ""
    ) -> Any:
        """A cached boto3 client against this server; safe to share between threads.

        Args:
            service: botocore's name.
            region: the default one if None.
            key: access key of the session that calls; the administrator's if there is none.
            via: the service that calls with somebody else's rights, e.g. ``athena.amazonaws.com``.
        """
        known = (service, region or self.region, key, via)
        with self._lock:
            if known not in self._clients:
                from botocore.config import Config

                self._clients[known] = self.shared("boto3", _session).client(
                    service,
                    region_name=known[1],
                    endpoint_url=self.url,
                    aws_access_key_id=key,
                    aws_secret_access_key=SECRET_KEY,
                    config=Config(
                        retries={"total_max_attempts": 2},
                        max_pool_connections=32,
                        inject_host_prefix=False,  # loopback has no such hosts
                        # Nothing here takes long to answer but a Lambda (900 s at most).
                        read_timeout=930 if service == "lambda" else 60,
                    ),
                )
                if via:
                    events = self._clients[known].meta.events
                    events.register("before-sign", partial(_say_via, via))
            return self._clients[known]

    def session(self, role: str, name: str) -> Credentials:
        """Credentials with which something acts as a role.

        A role of another account cannot be looked up, so what it may do is not known: it acts as
        the administrator.

        Args:
            role: its ARN.
            name: of the session.
        """
        from .iam.callers import Credentials, sessions_of

        made = sessions_of(self).credentials(role, name)
        return made or Credentials(ACCESS_KEY, SECRET_KEY, "")

    def shared(self, name: str, make: Callable[[], Any]) -> Any:
        """Something that several services use: made by the first that asks.

        Args:
            name: what it is called.
            make: makes it; what it raises is raised here, and the next one tries again.
        """
        with self._lock:
            if name not in self._shared:
                self._shared[name] = make()
            return self._shared[name]

    def environment(
        self, region: str | None = None, credentials: Credentials | None = None
    ) -> dict[str, str]:
        """AWS variables for a process that is to use this server and nothing else.

        Args:
            region: the default one if None.
            credentials: of the session that it acts as; the administrator's if None.
        """
        region = region or self.region
        token = (
            {"AWS_SESSION_TOKEN": credentials.token} if credentials and credentials.token else {}
        )
        return {
            **token,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ACCESS_KEY_ID": credentials.key if credentials else ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": credentials.secret if credentials else SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def close(self) -> None:
        """Run every closing callback once, last registered first; one's failure stops no other."""
        self.stopping.set()
        while self.closing:
            _run(self.closing.pop())


def _say_via(via: str, request: Any, **_: Any) -> None:
    request.headers[CALLED_VIA] = via


def _session() -> Any:
    """One session for all clients, which reads each service's model once."""
    import boto3

    return boto3.session.Session()


def _run(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception:  # noqa: BLE001 - the others must still end what they started
        traceback.print_exc(file=sys.stderr)
