"""What AWS is given agrees with what is here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import batcat_runtime as bc
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def config() -> dict[str, Any]:
    """deploy/config.json, checked against its schema."""
    return dict(bc.get_config(str(ROOT / "deploy" / "config.json")))


@pytest.fixture
def workflow() -> dict[str, Any]:
    """The states of the workflow by name."""
    text = (ROOT / "deploy" / "workflow.asl.json").read_text()
    return dict(json.loads(text)["States"])


def test_each_step_has_a_script_and_a_state(
    config: dict[str, Any], workflow: dict[str, Any]
) -> None:
    tasks = {name: state for name, state in workflow.items() if state["Type"] == "Task"}
    assert list(tasks) == config["steps"]
    for step, state in tasks.items():
        entrypoint = state["Parameters"]["AppSpecification"]["ContainerEntrypoint"]
        assert entrypoint == ["python3", f"script/{step}.py"]
        assert (ROOT / "script" / f"{step}.py").is_file()


def test_each_step_reads_what_the_one_before_wrote(
    config: dict[str, Any], workflow: dict[str, Any]
) -> None:
    previous = "raw"
    for step in config["steps"]:
        job = workflow[step]["Parameters"]
        (source,) = job["ProcessingInputs"]
        (target,) = job["ProcessingOutputConfig"]["Outputs"]
        assert source["S3Input"]["LocalPath"] == f"/opt/ml/processing/input/{previous}"
        assert target["S3Output"]["LocalPath"] == f"/opt/ml/processing/{step}"
        previous = step


def test_every_state_leads_to_another_or_ends(workflow: dict[str, Any]) -> None:
    for state in workflow.values():
        targets = [state.get("Next"), state.get("Default")]
        targets += [one["Next"] for one in state.get("Choices", []) + state.get("Catch", [])]
        assert set(filter(None, targets)) <= set(workflow)
        assert any(targets) or state.get("End") or state["Type"] == "Fail"
