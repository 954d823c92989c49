"""A job's outputs on their way to S3: while the program runs, and when it has ended."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from .host import Host
    from .transfer import Transfer

CONTINUOUS_SECONDS = 0.5
"""How often Continuous outputs are looked at, in seconds."""


class Uploads:
    """Sends what the hosts of a job write.

    Args:
        transfer: moves the data.
        request: CreateProcessingJob as received.
        hosts: the job's hosts.
    """

    def __init__(self, transfer: Transfer, request: dict[str, Any], hosts: list[Host]) -> None:
        config = request.get("ProcessingOutputConfig", {})
        self._transfer, self._hosts = transfer, hosts
        self._outputs: list[dict[str, Any]] = config.get("Outputs", [])
        self._key_id = config.get("KmsKeyId")
        self._sent: dict[tuple[str, str], dict[Path, tuple[int, int]]] = {}
        self._ended = Event()
        self._thread = Thread(target=self._continue, daemon=True)
        self._error: Exception | None = None

    def start(self) -> None:
        """Begin to send Continuous outputs, in a thread: a slow S3 must not hold up a kill."""
        if any(entry["S3Output"]["S3UploadMode"] == "Continuous" for entry in self._outputs):
            self._thread.start()

    def check(self) -> None:
        """Raise what an upload has raised."""
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Send no more; the file on its way is sent to its end."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def finish(self) -> None:
        """Send everything that has not been sent."""
        self.stop()
        self.check()
        for host in self._hosts:
            for entry in self._outputs:
                self._send(host, entry)

    def _continue(self) -> None:
        outputs = [
            entry for entry in self._outputs if entry["S3Output"]["S3UploadMode"] == "Continuous"
        ]
        try:
            while not self._ended.wait(CONTINUOUS_SECONDS):
                for host in self._hosts:
                    for entry in outputs:
                        self._send(host, entry, self._ended)
        except Exception as error:  # noqa: BLE001 - check() raises it where the job is carried out
            self._error = error

    def _send(self, host: Host, entry: dict[str, Any], ended: Event | None = None) -> None:
        target = entry["S3Output"]
        sent = self._sent.setdefault((host.name, entry["OutputName"]), {})
        folder = host.path(target["LocalPath"])
        for _ in self._transfer.upload(folder, target["S3Uri"], self._key_id, sent):
            if ended is not None and ended.is_set():
                return
