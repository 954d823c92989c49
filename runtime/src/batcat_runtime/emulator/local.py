"""Start the local AWS as a process of its own, and stop it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from datetime import datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, Request, build_opener

from batcat_runtime.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import IO

    from typing_extensions import Self

STOP_SECONDS = 15
"""How long stop() waits for the server to end its jobs, in seconds."""

SAVE_SECONDS = 300
"""How long stop() waits for a server that also writes its state, in seconds."""

MESSAGE_LINES = 20
"""How many of the server's last error lines a failed start shows."""


class LocalAws:
    """A local AWS in a process of its own.

    Usable as a context manager; the server also stops by itself when this process ends,
    because it watches the pipe that connects them.

    Args:
        images: repository name of an image to the project folder that stands for it.
        region: region the clients use by default.
        account: twelve-digit account id that appears in ARNs.
        state: folder that keeps S3 objects and job folders; None keeps nothing.
        port: TCP port on 127.0.0.1; 0 takes a free one.

    Attributes:
        url: endpoint of every service, e.g. ``http://127.0.0.1:45678``.
        region: as given.
        account: as given.
        pid: process id of the server.

    Raises:
        DeployError: the server did not become ready; its last lines are in the message.
    """

    def __init__(
        self,
        images: Mapping[str, Path | str] | None = None,
        *,
        region: str = "us-east-1",
        account: str = "123456789012",
        state: Path | str | None = None,
        port: int = 0,
    ) -> None:
        command = [sys.executable, "-m", "batcat_runtime.emulator", "--parent-pipe"]
        command += ["--port", str(port), "--region", region, "--account", account]
        for name, folder in (images or {}).items():
            command += ["--image", f"{name}={folder}"]
        self._patience = STOP_SECONDS if state is None else SAVE_SECONDS
        if state is not None:
            command += ["--state", str(state)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._messages: deque[str] = deque(maxlen=MESSAGE_LINES)
        self._reader = Thread(target=self._read_messages, daemon=True)
        self._reader.start()
        ready = self._read_ready()
        self.url: str = ready["url"]
        self.region: str = ready["region"]
        self.account: str = ready["account"]
        self.pid: int = self._process.pid
        self._clients: dict[str, Any] = {}

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point any AWS SDK at this server, and at nothing else."""
        variables = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "batcat-local",
            "AWS_SECRET_ACCESS_KEY": "batcat-local-secret",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if any(name.lower() in ("http_proxy", "all_proxy") for name in os.environ):
            around = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
            variables["NO_PROXY"] = ",".join(filter(None, (around, "127.0.0.1")))
        return variables

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of this server; the same one for the same service."""
        own = bool(options)
        if own or service not in self._clients:
            import boto3
            from botocore.config import Config

            # A prefix before the host, as StartSyncExecution has, would lead away from here.
            mine = Config(proxies={}, inject_host_prefix=False)
            config = mine.merge(options.pop("config", Config()))
            client = boto3.session.Session().client(
                service,
                **{
                    "endpoint_url": self.url,
                    "region_name": self.region,
                    "aws_access_key_id": self.environment["AWS_ACCESS_KEY_ID"],
                    "aws_secret_access_key": self.environment["AWS_SECRET_ACCESS_KEY"],
                    "config": config,
                    **options,
                },
            )
            if own:
                return client
            self._clients[service] = client
        return self._clients[service]

    def turn_clock(self, **forward: float) -> datetime:
        """Move the server's clock forward; what is due meanwhile happens, each at its own time.

        Schedules, rules, alarms and retries follow this clock; jobs, functions and messages that
        wait in a queue do not.

        Args:
            forward: how far, as timedelta takes it: ``hours=8``.

        Returns:
            The time it is then.
        """
        seconds = timedelta(**forward).total_seconds()
        return datetime.fromisoformat(self._told("clock", seconds=seconds)["now"])

    def lack_machines(self, jobs: int, name: str = "") -> None:
        """Let the next Processing jobs fail as they do when AWS has no machine free.

        Args:
            jobs: how many; 0 lets every job find its machine again.
            name: only jobs whose names hold this.
        """
        self._told("machines", times=jobs, pattern=f"*{name}*")

    def throttle(self, requests: int, pattern: str) -> int:
        """Let S3 answer the next requests of one kind with ``SlowDown``.

        Args:
            requests: how many; 0 lets them through again.
            pattern: operation, and key or prefix, of those that it refuses, as fnmatch reads it:
                ``PutObject */manifest.json``.

        Returns:
            How many of this pattern were still to be refused.
        """
        return int(self._told("throttle", times=requests, pattern=pattern)["before"])

    def _told(self, what: str, **told: float | str) -> dict[str, Any]:
        """Tell this process's own server; no proxy stands between them."""
        request = Request(  # noqa: S310 - of this process's own server
            f"{self.url}/_batcat/{what}", json.dumps(told).encode(), method="POST"
        )
        with build_opener(ProxyHandler({})).open(request) as answer:
            said: dict[str, Any] = json.load(answer)
            return said

    def stop(self) -> None:
        """Stop the server and every job it started; does nothing the second time."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        stdin, stdout, stderr = self._pipes()
        if self._process.poll() is None:
            self._process.terminate()
        stdin.close()
        try:
            self._process.wait(self._patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        stdout.close()
        stderr.close()

    def __enter__(self) -> Self:
        """Give the running server."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    def _pipes(self) -> tuple[IO[str], IO[str], IO[str]]:
        process = self._process
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise DeployError("the local AWS has no pipes; start it through LocalAws()")
        return process.stdin, process.stdout, process.stderr

    def _read_messages(self) -> None:
        """Keep the server's last lines; show them too where BATCAT_LOCAL_VERBOSE is set."""
        for line in self._pipes()[2]:
            self._messages.append(line)
            if os.environ.get("BATCAT_LOCAL_VERBOSE"):
                sys.stderr.write(line)

    def _read_ready(self) -> dict[str, str]:
        line = self._pipes()[1].readline()
        if line:
            ready: dict[str, str] = json.loads(line)
            return ready
        self._process.wait()
        self._reader.join()
        for pipe in self._pipes():
            pipe.close()
        said = "".join(self._messages).strip() or "it said nothing"
        raise DeployError(
            f"the local AWS ended with code {self._process.returncode} before it was ready: {said}",
        )
