"""One logger in one step: plain lines on a terminal, JSON lines in a container.

The standard library does the work; other handlers may be added to the logger as usual.

    BATCAT_LOG_LEVEL    lowest level shown on the console (default INFO; files hold everything)
    BATCAT_LOG_FORMAT   plain or json (default: json in a Processing job or a Lambda, else plain)
    BATCAT_RUN_ID, BATCAT_PROJECT, BATCAT_STEP   say in each JSON line where it comes from
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from .errors import ConfigError
from .hiding import Secret, hides, shown
from .paths import in_processing_job

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_PLAIN = "%(asctime)s %(name)s | %(levelname)s -> %(message)s"
_ORIGIN = {"run_id": "BATCAT_RUN_ID", "project": "BATCAT_PROJECT", "step": "BATCAT_STEP"}
# What every record carries; whatever else it carries came in through `extra`.
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_LOCK = threading.Lock()


def get_logger(
    logName: str,  # noqa: N803 - the predecessor's keyword name is a contract
    logFile: str | os.PathLike[str] | Literal[False] = False,  # noqa: N803 - same
) -> logging.Logger:
    """Get a logger that is ready to use.

    The console shows INFO and above; a log file holds everything. Calling again with the same
    arguments changes nothing, so no line ever appears twice; another log file is added to those
    before. The lines do not travel on to the root logger, whose handlers (Lambda installs one)
    would print them a second time. What comes from ``get_secret`` is shown as stars.

    Args:
        logName: name shown in each line.
        logFile: file to append to as well; its folder is made when it does not exist.

    Returns:
        The standard library's logger of that name.

    Raises:
        ConfigError: the name, the log file or one of the environment variables cannot be used.
    """
    if not isinstance(logName, str) or logName in {"", "root"}:
        raise ConfigError(
            f"logName {logName!r} is not a name of your own, and the root logger is shared by all "
            "libraries; name the logger after your project or step",
        )
    formatter = _formatter()
    logger = logging.getLogger(logName)
    with _LOCK:
        console = next((h for h in logger.handlers if isinstance(h, _Console)), None)
        if console is None:
            console = _Console()
            console.addFilter(_redacted)
            logger.addHandler(console)
            logger.addFilter(_redacted)  # for handlers that are added by others
            logger.setLevel(logging.DEBUG)
            logger.propagate = False
        console.setLevel(_console_level())
        console.setFormatter(formatter)
        if logFile:
            _add_file(logger, Path(logFile).absolute(), formatter)
    return logger


def _redacted(record: logging.LogRecord) -> bool:
    """Put stars where a secret would be formatted; never drops a line.

    Handlers have it beside the logger, because lines of loggers below come to them alone.
    """
    for key, value in vars(record).items():
        setattr(record, key, shown(value))
    if isinstance(record.args, Mapping):
        kept = {key: shown(value) for key, value in record.args.items()}
        record.args = Secret(kept) if isinstance(record.args, Secret) else kept
    elif record.args:
        record.args = tuple(map(shown, record.args))
    return True


def _add_file(logger: logging.Logger, path: Path, formatter: logging.Formatter) -> None:
    files = [h for h in logger.handlers if isinstance(h, logging.FileHandler)]
    if any(os.path.realpath(h.baseFilename) == os.path.realpath(path) for h in files):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"log file {path} cannot be opened ({error.strerror}); "
            "give logFile a path that can be written to",
        ) from error
    handler.addFilter(_redacted)
    handler.setLevel(logging.DEBUG)
    handler.setFormatter(formatter)
    logger.addHandler(handler)


def _console_level() -> str:
    level = os.environ.get("BATCAT_LOG_LEVEL", "").upper() or "INFO"
    return _one_of("BATCAT_LOG_LEVEL", level, _LEVELS)


def _formatter() -> logging.Formatter:
    in_container = in_processing_job() or bool(os.environ.get("AWS_LAMBDA_FUNCTION_NAME"))
    form = os.environ.get("BATCAT_LOG_FORMAT", "").lower() or ("json" if in_container else "plain")
    if _one_of("BATCAT_LOG_FORMAT", form, ("plain", "json")) == "json":
        return _JsonLines()
    return logging.Formatter(_PLAIN)


def _one_of(variable: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ConfigError(
            f"environment variable {variable} is {value!r}; it must be one of {', '.join(allowed)}",
        )
    return value


if TYPE_CHECKING:
    _StreamHandler = logging.StreamHandler[TextIO]
else:
    _StreamHandler = logging.StreamHandler  # takes no type in Python 3.10


class _Console(_StreamHandler):
    """Standard error as it is when a line is written, so that redirection is followed."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


class _JsonLines(logging.Formatter):
    """One JSON object a line; ASCII, so that no console can spoil it."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({key: os.environ.get(name) for key, name in _ORIGIN.items()})
        line["exception"] = self.formatException(record.exc_info) if record.exc_info else None
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        for key, value in vars(record).items():
            if key not in _STANDARD:
                line.setdefault(str(key), _plain_value(value))
        return json.dumps(line)


def _plain_value(value: Any) -> Any:
    """Keep what JSON can hold; show anything else as text rather than lose the line."""
    try:
        if not hides(value):
            json.dumps(value, allow_nan=False)
            return value
    except (TypeError, ValueError, RecursionError):
        pass
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a broken repr must not cost the log line
        return f"<{type(value).__name__}>"
