"""A workflow that leads nowhere is found in its file, before anything is made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batcat_runtime.deploy import load_project
from batcat_runtime.deploy.definition import check
from batcat_runtime.deploy.package import Artifact, Package
from batcat_runtime.errors import ConfigError

SAMPLE = Path(__file__).parent / "sample"
END: dict[str, Any] = {"Type": "Pass", "End": True}
FILE = "workflow.asl.json"


def machine(start: str = "First", **states: Any) -> dict[str, Any]:
    """A state machine that begins with First and can end with Last."""
    return {"StartAt": start, "States": {"First": {"Next": "Last"}, "Last": END, **states}}


def look_at(definition: dict[str, Any]) -> None:
    """Check a definition, as a plan does."""
    artifact = Artifact("0.json", json.dumps(definition).encode(), FILE)
    check(load_project(SAMPLE), Package("{}", frozenset(), (artifact,)))


WRONG = machine("Frist")


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        (WRONG, r"StartAt of the workflow is 'Frist', which is no state \(First\?\)"),
        (machine(First={"Next": "Lost"}), r"Next of First is 'Lost', which is no state \(Last\?\)"),
        (machine(First={"Next": "x"}), r"Next of First is 'x', which is no state$"),
        (machine(First={"Next": "Last", "Default": "x"}), "Default of First is 'x'"),
        (machine(First={"Default": "Last", "Choices": [{"Next": "x"}]}), "Next in Choices of Fir"),
        (machine(First={"Next": "Last", "Catch": [{"Next": "x"}]}), "Next in Catch of First"),
        (machine(First={"Next": "Last", "Branches": [machine(), WRONG]}), "'Frist', which is no"),
        (machine(First={"Next": "Last", "ItemProcessor": WRONG}), "'Frist', which is no"),
        (machine(Alone={"Next": "Last"}), "nothing leads to state Alone"),
        (machine(Alone={"Next": "Alone"}), "nothing leads to state Alone"),
    ],
    ids=["start", "next", "far", "default", "choice", "catch", "branch", "map", "alone", "loop"],
)
def test_a_state_that_is_not_there_is_named_with_whatever_leads_to_it(
    definition: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^deploy/{FILE}: .*{complaint}"):
        look_at(definition)


def test_states_may_lead_back_and_out_of_a_branch_nothing_does() -> None:
    look_at(machine(First={"Next": "Last", "Catch": [{"Next": "First"}], "Branches": [machine()]}))


def test_a_step_that_only_a_failure_leads_to_is_named() -> None:
    """Else a run would publish what it left out, and be a success."""
    states = json.loads((SAMPLE / "deploy" / FILE).read_text(encoding="utf-8"))
    clean = states["States"]["clean"]
    clean["Next"], after = "Done", clean["Next"]
    states["States"]["Done"] = END
    clean["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": after}]
    with pytest.raises(ConfigError, match="step forecast runs only after a failure"):
        look_at(states)
