"""One invocation: a process of the function's own code, its time limit, its log lines."""

from __future__ import annotations

import json
import os
import selectors
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.logstream import LogStream
from batcat_runtime.emulator.processes import Child, clean_environment

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

    from .function import Function

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")

INIT_SECONDS = 10.0
"""The init phase, in which the module is imported, is limited to 10 s and does not count for the
function's own time limit (Developer Guide, "Lambda execution environment lifecycle")."""

TAIL_BYTES = 4096
"""LogResult is "the last 4 KB of the execution log" (API reference, Invoke)."""

RESPONSE_BYTES = 6_291_556
"""Largest answer, as AWS's own error message names it."""

KILL_GRACE = 0.2


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        payload: JSON text of the answer or of the error.
        failed: whether FunctionError is set.
        log: the whole log.
    """

    payload: bytes
    failed: bool
    log: str

    @property
    def tail(self) -> bytes:
        """The last 4 KB of the log."""
        return self.log.encode()[-TAIL_BYTES:]


class Invocation:
    """Runs a function once.

    Args:
        world: where this server runs.
        function: what to run.
        event: the parsed payload.
        client_context: decoded ClientContext, or None.
    """

    def __init__(
        self, world: World, function: Function, event: Any, client_context: Any = None
    ) -> None:
        self._world, self._function = world, function
        self._event, self._client_context = event, client_context
        self.request_id = str(uuid4())
        settings = function.configuration()
        self._timeout = float(settings["Timeout"])
        self._memory = settings["MemorySize"]
        self._group = settings["LoggingConfig"]["LogGroup"]
        day = datetime.now(timezone.utc).strftime("%Y/%m/%d")
        self._stream = f"{day}/[$LATEST]{uuid4().hex}"
        self._lines: list[str] = []
        self._credentials = world.session(settings["Role"], function.name)

    def run(self) -> Outcome:
        """Start the process, hand it the event, wait for its answer."""
        region, key = self._function.region, self._credentials.key
        log = LogStream(self._world, self._group, self._stream, region, key)

        def write(line: str) -> None:
            self._lines.append(line)
            log.write(line)

        with tempfile.TemporaryDirectory(
            dir=self._world.workdir, prefix="lambda-", ignore_cleanup_errors=True
        ) as home:
            try:
                payload, failed = self._run_process(Path(home), write)
            finally:
                log.close()
        return Outcome(payload, failed, "\n".join(self._lines) + "\n")

    def _run_process(self, home: Path, write: Any) -> tuple[bytes, bool]:
        event_read, event_write = os.pipe()
        result_read, result_write = os.pipe()
        command = ["python", str(BOOTSTRAP), str(event_read), str(result_write)]
        begun = time.monotonic()
        with os.fdopen(result_read, "rb") as result, os.fdopen(event_write, "wb") as event:
            try:
                child = Child(
                    command,
                    self._function.code,
                    self._environment(home),
                    write,
                    pass_fds=(event_read, result_write),
                )
            finally:
                os.close(event_read)
                os.close(result_write)
            imported = _wait_readable(result, INIT_SECONDS + self._timeout)
            if imported:
                result.readline()
            started = time.monotonic()
            write(f"START RequestId: {self.request_id} Version: $LATEST")
            answered = self._exchange(event, result) if imported else None
        if answered is None:
            child.stop(KILL_GRACE)
        code = child.wait(KILL_GRACE)
        if code is None:
            child.stop(KILL_GRACE)
            code = 0
        took = time.monotonic() - started
        payload, failed = self._answer(answered, code, write)
        write(f"END RequestId: {self.request_id}")
        write(self._report(took, started - begun))
        return payload, failed

    def _exchange(self, event: Any, result: Any) -> bytes | None:
        """Send the event and read the answer; None when time ran out."""
        document = {
            "event": self._event,
            "request_id": self.request_id,
            "arn": self._function.arn,
            "deadline_ms": (time.time() + self._timeout) * 1000,
            "client_context": self._client_context,
        }
        try:
            event.write(json.dumps(document).encode())
            event.close()
        except BrokenPipeError:
            return b""
        deadline = time.monotonic() + self._timeout
        received = b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not _wait_readable(result, left):
                return None
            part = os.read(result.fileno(), 1 << 20)
            if not part:
                return received
            received += part

    def _answer(self, received: bytes | None, code: int, write: Any) -> tuple[bytes, bool]:
        if received is None:
            text = f"Task timed out after {self._timeout:.2f} seconds"
            stamp = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            write(f"{stamp} {self.request_id} {text}")
            return self._error("Sandbox.Timedout", text), True
        if not received:
            how = f"exit status {code}"
            return self._error("Runtime.ExitError", f"Runtime exited with error: {how}"), True
        document = json.loads(received)
        if "error" in document:
            return json.dumps(document["error"]).encode(), True
        payload = str(document["result"]).encode()
        if len(payload) > RESPONSE_BYTES:
            text = (
                "Response payload size exceeded maximum allowed payload size "
                f"({RESPONSE_BYTES} bytes)."
            )
            kind = "Function.ResponseSizeTooLarge"
            return json.dumps({"errorMessage": text, "errorType": kind}).encode(), True
        return payload, False

    def _error(self, kind: str, text: str) -> bytes:
        message = f"RequestId: {self.request_id} Error: {text}"
        return json.dumps({"errorType": kind, "errorMessage": message}).encode()

    def _report(self, took: float, init: float) -> str:
        milliseconds = took * 1000
        return (
            f"REPORT RequestId: {self.request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {self._memory} MB\t"
            f"Init Duration: {init * 1000:.2f} ms"
        )

    def _environment(self, home: Path) -> dict[str, str]:
        function = self._function
        variables = function.settings.get("Environment", {}).get("Variables", {})
        return {
            **clean_environment(home),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": ":UTC",
            **variables,
            **self._world.environment(function.region, self._credentials),
            "_HANDLER": function.settings["Handler"],
            "AWS_EXECUTION_ENV": (
                f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}"
            ),
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self._group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self._stream,
            "LAMBDA_TASK_ROOT": str(function.code),
        }


def _wait_readable(pipe: Any, seconds: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        return bool(selector.select(seconds))
