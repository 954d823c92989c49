"""Carry out a Processing job: inputs, one process per host, outputs, final state.

What is known of AWS's behaviour, and where from:

* ``/opt/ml/config/processingjobconfig.json`` is the request, ``resourceconfig.json`` has
  ``current_host`` and ``hosts`` (AWS documentation, "Build your own processing container").
* A program that ends with code n gives ``AlgorithmError: , exit code: n`` (AWS documentation of
  Studio's notebook jobs; many public logs).
* Outputs are uploaded also when the program failed (public logs of failed jobs whose EndOfJob
  outputs are complete in S3), not when the job was stopped or ran out of time (Airflow's system
  tests, pull request 33942).
* Out of time means status Stopped ("After the condition is met, the processing job is stopped",
  API reference). The reason's words for that are this project's own.
* ExitMessage is the first KB of /opt/ml/output/message, those of several hosts joined; a message
  that is not UTF-8 fails the job with a ClientError (AWS documentation, "byoc-metadata").
* Log streams are called ``<job>/algo-<n>-<seconds since 1970>`` (public logs).
"""

from __future__ import annotations

import shutil
import sys
import time
import traceback
from pathlib import PurePosixPath
from threading import Thread
from typing import TYPE_CHECKING

from batcat_runtime.emulator.faults import NO_MACHINE, faults_of
from batcat_runtime.emulator.images import ImageError

from .checks import check_pull
from .host import Host
from .job import cut
from .transfer import Transfer, TransferError
from .uploads import Uploads

if TYPE_CHECKING:
    from pathlib import Path

    from batcat_runtime.emulator.world import World

    from .job import Job

DEFAULT_SECONDS = 86_400
"""Run time allowed when StoppingCondition is absent: one day (API reference)."""

POLL_SECONDS = 0.05


class Runner(Thread):
    """The thread that carries out one job.

    Args:
        world: where this server runs.
        job: what to carry out.
        folder: the job's own folder, one subfolder per host.
    """

    def __init__(self, world: World, job: Job, folder: Path) -> None:
        super().__init__(name=f"job-{job.name}", daemon=True)
        self._world, self._job, self._folder = world, job, folder
        self._transfer = Transfer(world, job.request["RoleArn"], job.region)
        self._code = 0
        self._hosts: list[Host] = []

    def run(self) -> None:
        """Carry out the job; whatever happens, it reaches a final state."""
        try:
            status, reason = self._carry_out()
        except (ImageError, TransferError) as error:
            text = str(error)
            status = "Failed"
            reason = text if text.startswith("ClientError") else f"ClientError: {text}"
        except Exception as error:  # noqa: BLE001 - a mistake here must end the job too
            traceback.print_exc(file=sys.stderr)
            status = "Failed"
            reason = f"InternalServerError: batcat local failed: {type(error).__name__}: {error}"
        _stop(self._hosts)
        if self._world.state is None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._job.finish(status, reason)

    def _carry_out(self) -> tuple[str, str | None]:
        if faults_of(self._world, "machines").strike(self._job.name):
            return "Failed", NO_MACHINE
        request = self._job.request
        count = request["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
        check_pull(self._world, request)
        hosts = self._hosts = [
            Host(self._world, self._job, self._folder, number, count) for number in range(count)
        ]
        for host in hosts:
            if self._job.stop.is_set():
                return "Stopped", None
            self._prepare(host, count)
        started = self._job.begin()
        for host in hosts:
            host.start(started)
        uploads = Uploads(self._transfer, request, hosts)
        uploads.start()
        try:
            overtime = self._watch(hosts, uploads)
        finally:
            uploads.stop()
        messages = [host.message() for host in hosts]
        self._job.exit_message = cut("".join(text for text, _ in messages)) or None
        if overtime:
            limit = self._limit()
            return "Stopped", f"MaxRuntimeExceeded: the job ran longer than {limit} s"
        if self._job.stop.is_set():
            return "Stopped", None
        failures = [f"AlgorithmError: , exit code: {self._code}"] if self._code else []
        try:
            uploads.finish()
        except TransferError as error:
            failures.append(str(error))
        if not all(readable for _, readable in messages):
            failures.append("ClientError: /opt/ml/output/message is not UTF-8 text")
        return ("Failed", "; ".join(failures)) if failures else ("Completed", None)

    def _prepare(self, host: Host, count: int) -> None:
        host.unpack()
        sources = [entry["S3Input"] for entry in self._job.request.get("ProcessingInputs", [])]
        # An input inside another's folder comes later: its objects are what that folder is for.
        for source in sorted(sources, key=lambda source: PurePosixPath(source["LocalPath"]).parts):
            folder = host.path(source["LocalPath"])
            self._transfer.download(source, folder, host.number, count)
        for entry in self._job.request.get("ProcessingOutputConfig", {}).get("Outputs", []):
            host.path(entry["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        host.configure()

    def _watch(self, hosts: list[Host], uploads: Uploads) -> bool:
        """Wait for the hosts; True if they ran out of time."""
        deadline = time.monotonic() + self._limit()
        running = list(hosts)
        while running:
            running = [host for host in running if host.poll(POLL_SECONDS / len(running)) is None]
            self._code = next((host.exit_code for host in hosts if host.exit_code), 0)
            late = bool(running) and time.monotonic() > deadline
            if late and not self._code:
                self._job.ask_to_stop()
            if late or self._code or self._job.stop.is_set():
                _stop(running)
                return late and not self._code
            uploads.check()
        return False

    def _limit(self) -> int:
        condition = self._job.request.get("StoppingCondition", {})
        return int(condition.get("MaxRuntimeInSeconds", DEFAULT_SECONDS))


def _stop(hosts: list[Host]) -> None:
    stoppers = [Thread(target=host.stop) for host in hosts]
    for stopper in stoppers:
        stopper.start()
    for stopper in stoppers:
        stopper.join()
