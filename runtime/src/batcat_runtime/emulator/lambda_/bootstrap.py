"""Runs inside a function's process: loads the handler, handles one event, writes the result.

Started by file name with two file descriptors as arguments: the event is read from the first,
``ready`` and the result are written to the second. It imports nothing but the standard library
and the function. Error types and messages are those of AWS's own runtime interface client for
Python (github.com/aws/aws-lambda-python-runtime-interface-client, bootstrap.py).
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import traceback
from typing import Any


class Context:
    """The context object a handler receives.

    Args:
        document: request id, deadline and the function's names, as sent by the server.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.aws_request_id = document["request_id"]
        self.invoked_function_arn = document["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = document.get("client_context")
        self._deadline_ms = document["deadline_ms"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is stopped; never below 0."""
        return max(int(self._deadline_ms - time.time() * 1000), 0)


class _Lines(logging.StreamHandler):  # type: ignore[type-arg]  # the subscript fails on Python 3.10
    """The handler that the real runtime puts on the root logger."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self.request_id = ""
        formatter = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def format(self, record: logging.LogRecord) -> str:
        """Add the request id."""
        record.aws_request_id = self.request_id
        return super().format(record)


def main(read_from: int, write_to: int) -> None:
    """Handle one event."""
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    lines = _Lines()
    logging.getLogger().addHandler(lines)
    handler, problem = load(os.environ["_HANDLER"])
    os.write(write_to, b"ready\n")
    with os.fdopen(read_from, encoding="utf-8") as source:
        document = json.load(source)
    lines.request_id = document["request_id"]
    result = problem or _handle(handler, document)
    error = result.get("error")
    if error is not None:
        error["requestId"] = document["request_id"]
        _show(error)
    sys.stdout.flush()
    with os.fdopen(write_to, "w", encoding="utf-8") as target:
        json.dump(result, target)


def load(name: str) -> tuple[Any, dict[str, Any] | None]:
    """Import ``module.function``; the second value is the error, if there is one."""
    module, dot, attribute = name.rpartition(".")
    if not dot:
        text = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        return None, _failed("Runtime.MalformedHandlerName", text, [])
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        text = f"Unable to import module '{module}': {error}"
        return None, _failed("Runtime.ImportModuleError", text, [])
    except SyntaxError as error:
        text = f"Syntax error in module '{module}': {error}"
        return None, _failed("Runtime.UserCodeSyntaxError", text, [])
    except Exception as error:  # noqa: BLE001 - whatever the module's own code raises
        return None, _raised(error)
    if not hasattr(loaded, attribute):
        text = f"Handler '{attribute}' missing on module '{module}'"
        return None, _failed("Runtime.HandlerNotFound", text, [])
    return getattr(loaded, attribute), None


def _handle(handler: Any, document: dict[str, Any]) -> dict[str, Any]:
    try:
        result = handler(document["event"], Context(document))
    except Exception as error:  # noqa: BLE001 - whatever the function raises is its answer
        return _raised(error)
    try:
        return {"result": json.dumps(result, ensure_ascii=False)}
    except TypeError as error:
        return _failed("Runtime.MarshalError", f"Unable to marshal response: {error}", [])


def _raised(error: BaseException) -> dict[str, Any]:
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    return _failed(type(error).__name__, str(error), traceback.format_tb(trace))


def _failed(kind: str, message: str, trace: list[str]) -> dict[str, Any]:
    return {"error": {"errorMessage": message, "errorType": kind, "stackTrace": trace}}


def _show(error: dict[str, Any]) -> None:
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    if error["stackTrace"]:
        lines += ["Traceback (most recent call last):", "".join(error["stackTrace"]).rstrip()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
