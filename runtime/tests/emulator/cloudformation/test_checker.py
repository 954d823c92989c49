"""Templates are checked in a process of its own, which comes when needed and goes when idle."""

from __future__ import annotations

from threading import Timer
from typing import TYPE_CHECKING

import pytest

from batcat_runtime.emulator.cloudformation import checker, lint
from batcat_runtime.emulator.cloudformation.checker import Checker, CheckerError
from batcat_runtime.emulator.cloudformation.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = "Resources: {B: {Type: 'AWS::S3::Bucket'}}"


@pytest.fixture
def own() -> Iterator[Checker]:
    """A process that only this test uses."""
    made = Checker()
    yield made
    made.stop()


def test_a_question_it_cannot_answer_is_an_error_with_a_reason(own: Checker) -> None:
    for _ in range(2):
        with pytest.raises(CheckerError, match="KeyError: 'nothing'"):
            own.ask("nothing")


def test_one_that_ended_is_started_again(own: Checker) -> None:
    first = own.start()
    first.kill()
    first.wait()
    with pytest.raises(CheckerError, match="KeyError"):
        own.ask("nothing")
    assert own.start().pid != first.pid


def test_one_that_ends_while_asked_is_an_error(own: Checker) -> None:
    process = own.start()
    stop = Timer(0.2, process.kill)
    stop.start()
    with pytest.raises(CheckerError, match="ended"):
        own.ask("warmed", region="us-east-1")
    stop.join()


def test_it_goes_when_nobody_asks(own: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "IDLE_SECONDS", 0.01)
    process = own.start()
    with pytest.raises(CheckerError, match="KeyError"):
        own.ask("nothing")
    assert process.wait(timeout=20) != 0


def test_settings_of_the_project_do_not_change_what_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    checker.CHECKER.stop()
    with pytest.raises(ValidationError, match="Colour"):
        lint.check(GOOD.replace("'AWS::S3::Bucket'", "'AWS::S3::Bucket', Colour: red"), "us-east-1")


def test_it_does_not_go_while_it_is_asked(own: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when it has been idle for just so long as it may be."""
    monkeypatch.setattr(checker, "IDLE_SECONDS", 0.05)
    assert own.ask("schema", region="us-east-1", resource_type="AWS::S3::Bucket")
    assert own.ask("warmed", region="us-east-1") is True
