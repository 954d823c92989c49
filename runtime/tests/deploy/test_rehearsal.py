"""A rehearsal's own promises; whole ones are in ``cli/test_check.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.deploy import execution
from batcat_runtime.deploy.rehearsal import Rehearsal

if TYPE_CHECKING:
    import pytest

    from batcat_runtime.deploy import Project


def test_a_name_that_the_trigger_has_taken_is_left_to_it(
    deployed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are named by the second, and a machine may be quick."""
    taken = execution.new_run(deployed)
    names = iter([taken, execution.new_run(deployed)])
    rehearsal = Rehearsal(deployed, None, "")
    execution.start(deployed, rehearsal._machine, taken)  # noqa: SLF001 - where it is found
    monkeypatch.setattr(execution, "new_run", lambda _: next(names))
    text = rehearsal._fail()  # noqa: SLF001 - one part of it
    assert taken not in text
    assert "without any input, failed" in text
