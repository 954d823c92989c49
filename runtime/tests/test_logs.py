"""One logger in one step: readable on a terminal, searchable in a container."""

from __future__ import annotations

import json
import logging
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import batcat_runtime as bc

Captured = pytest.CaptureFixture[str]


class Unprintable:
    """An object that cannot even say what it is."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError


def json_lines(capsys: Captured) -> list[dict[str, Any]]:
    """What was written to standard error, each line parsed on its own."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_says_when_who_how_bad_and_what(log_name: str, capsys: Captured) -> None:
    """In the form users know: ``time name | level -> message``."""
    bc.get_logger(logName=log_name).info("this is a test")
    line = capsys.readouterr().err
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
    assert re.fullmatch(rf"{when} {log_name} \| INFO -> this is a test\n", line)


def test_the_console_shows_info_and_above_and_the_file_everything(
    log_name: str, capsys: Captured, tmp_path: Path
) -> None:
    """All five levels."""
    file = tmp_path / "log" / "battery.log"
    logger = bc.get_logger(logName=log_name, logFile=str(file))
    for level in ("debug", "info", "warning", "error", "critical"):
        getattr(logger, level)("a message")
    levels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    shown = re.findall(r"\| (\w+) ->", capsys.readouterr().err)
    written = re.findall(r"\| (\w+) ->", file.read_text(encoding="utf-8"))
    assert (shown, written) == (levels[1:], levels)


def test_calling_again_never_doubles_a_line(
    log_name: str, capsys: Captured, tmp_path: Path
) -> None:
    """A notebook cell may be run as often as one likes."""
    file = tmp_path / "battery.log"
    for _ in range(3):
        logger = bc.get_logger(log_name, file)
    logger.info("once")
    assert capsys.readouterr().err.count("once") == 1
    assert file.read_text(encoding="utf-8").count("once") == 1


def test_many_threads_asking_at_once_get_one_console(log_name: str, capsys: Captured) -> None:
    """No line doubles either when workers start together."""
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        bc.get_logger(log_name)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bc.get_logger(log_name).info("once")
    assert capsys.readouterr().err.count("once") == 1


def test_a_log_file_named_later_is_added(log_name: str, capsys: Captured, tmp_path: Path) -> None:
    """Only that: the console and the files before stay as they are."""
    first, second = tmp_path / "first.log", tmp_path / "new" / "second.log"
    bc.get_logger(log_name).info("one")
    bc.get_logger(log_name, first).info("two")
    bc.get_logger(log_name, second).info("three")
    bc.get_logger(log_name).info("four")
    assert capsys.readouterr().err.count("\n") == 4
    assert re.findall(r"-> (\w+)", first.read_text(encoding="utf-8")) == ["two", "three", "four"]
    assert re.findall(r"-> (\w+)", second.read_text(encoding="utf-8")) == ["three", "four"]


def test_the_root_logger_is_left_alone(log_name: str, capsys: Captured) -> None:
    """Its handlers (Lambda installs one) print no line a second time, and gain none from us."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    handler = logging.StreamHandler()
    root.addHandler(handler)
    try:
        bc.get_logger(log_name).warning("once")
        bc.get_logger(f"{log_name}.part").warning("also once")
    finally:
        root.removeHandler(handler)
    assert (root.handlers, root.level) == (before, level)
    assert capsys.readouterr().err.count("once") == 2
    logging.getLogger(f"{log_name}.part").handlers.clear()


@pytest.mark.parametrize("name", ["", "root", None])
def test_the_root_logger_cannot_be_asked_for(name: Any) -> None:
    """All libraries share it."""
    with pytest.raises(bc.ConfigError, match="root logger"):
        bc.get_logger(name)


def test_a_log_file_by_two_paths_is_one_file(
    log_name: str, capsys: Captured, tmp_path: Path
) -> None:
    """A link to its folder leads to the same lines."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    bc.get_logger(log_name, tmp_path / "real" / "a.log")
    bc.get_logger(log_name, tmp_path / "link" / "a.log").info("once")
    assert capsys.readouterr().err.count("once") == 1
    assert (tmp_path / "real" / "a.log").read_text(encoding="utf-8").count("once") == 1


def test_a_log_file_that_cannot_be_opened_is_named(log_name: str, tmp_path: Path) -> None:
    """A folder is no log file."""
    with pytest.raises(bc.ConfigError, match=f"log file {tmp_path} cannot be opened"):
        bc.get_logger(log_name, tmp_path)


@pytest.mark.parametrize(
    "variable", ["BATCAT_ML_ROOT", "AWS_LAMBDA_FUNCTION_NAME", "BATCAT_LOG_FORMAT"]
)
def test_a_container_writes_one_json_object_a_line(
    log_name: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """In a Processing job, in a Lambda, or where asked for."""
    monkeypatch.setenv(variable, "json")
    monkeypatch.setenv("BATCAT_RUN_ID", "battery-inference-20261121060504")
    monkeypatch.setenv("BATCAT_PROJECT", "2026-rnd-battery")
    monkeypatch.setenv("BATCAT_STEP", "inference")
    bc.get_logger(log_name).info("read %d rows\nof %s", 3, "电池")
    (line,) = json_lines(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "INFO",
        "logger": log_name,
        "message": "read 3 rows\nof 电池",
        "run_id": "battery-inference-20261121060504",
        "project": "2026-rnd-battery",
        "step": "inference",
        "exception": None,
    }


def test_plain_lines_can_be_asked_for_in_a_container(
    log_name: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable outweighs the place."""
    monkeypatch.setenv("BATCAT_ML_ROOT", "/opt/ml")
    monkeypatch.setenv("BATCAT_LOG_FORMAT", "plain")
    bc.get_logger(log_name).info("plain")
    assert capsys.readouterr().err.endswith("| INFO -> plain\n")


def test_an_exception_stays_in_its_line(
    log_name: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole traceback is one field, so that CloudWatch keeps it together."""
    monkeypatch.setenv("BATCAT_LOG_FORMAT", "json")
    logger = bc.get_logger(log_name)
    try:
        ["only row"].index("second row")
    except ValueError:
        logger.exception("no second row", stack_info=True)
    (line,) = json_lines(capsys)
    assert line["message"] == "no second row"
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("ValueError: 'second row' is not in list")
    assert "test_an_exception_stays_in_its_line" in line["stack"]


def test_extra_fields_are_kept_whatever_they_are(
    log_name: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What JSON cannot hold is shown as text; nothing loses the line or spoils the JSON."""
    monkeypatch.setenv("BATCAT_LOG_FORMAT", "json")
    circle: list[Any] = []
    circle.append(circle)
    bc.get_logger(log_name).info(
        "done",
        extra={
            "rows": 3,
            "score": float("nan"),
            "path": Path("a"),
            "circle": circle,
            "odd": Unprintable(),
            "level": "cannot be overwritten",
        },
    )
    ((line),) = json_lines(capsys)
    assert line["level"] == "INFO"
    kept = {key: line[key] for key in ("rows", "score", "circle", "odd")}
    assert kept == {"rows": 3, "score": "nan", "circle": "[[...]]", "odd": "<Unprintable>"}
    assert "Path('a')" in line["path"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=st.text(), field=st.text(min_size=1), value=st.text() | st.floats() | st.binary())
def test_any_message_stays_one_line_of_json(
    log_name: str, monkeypatch: pytest.MonkeyPatch, message: str, field: str, value: object
) -> None:
    """Whatever is in it: line breaks, odd signs, half a surrogate pair."""
    monkeypatch.setenv("BATCAT_LOG_FORMAT", "json")
    (handler,) = bc.get_logger(log_name).handlers
    record = logging.makeLogRecord({"msg": message, "levelname": "INFO", field: value})
    line = handler.format(record)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line, parse_constant=pytest.fail)["message"] == message


def test_the_level_of_the_console_follows_the_environment(
    log_name: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a logger that exists already."""
    bc.get_logger(log_name).debug("hidden")
    monkeypatch.setenv("BATCAT_LOG_LEVEL", "debug")
    bc.get_logger(log_name).debug("shown")
    assert re.findall(r"-> (\w+)", capsys.readouterr().err) == ["shown"]


@pytest.mark.parametrize("variable", ["BATCAT_LOG_LEVEL", "BATCAT_LOG_FORMAT"])
def test_a_wrong_variable_is_named_with_what_is_allowed(
    log_name: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Instead of a silent default."""
    monkeypatch.setenv(variable, "loud")
    with pytest.raises(bc.ConfigError, match=rf"(?i){variable} is 'loud'; it must be one of \w+,"):
        bc.get_logger(log_name)
