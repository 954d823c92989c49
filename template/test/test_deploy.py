"""What AWS is given agrees with what is here."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any

import batcat_runtime as bc
import pytest
from batcat_runtime.deploy.definition import job_states

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def config() -> dict[str, Any]:
    """deploy/config.json, checked against its schema."""
    return dict(bc.get_config(str(ROOT / "deploy" / "config.json")))


@pytest.fixture
def workflow() -> dict[str, Any]:
    """The workflow."""
    text = (ROOT / "deploy" / "workflow.asl.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def machines_of(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The states of the workflow by name; then those of each of its branches, by themselves."""
    yield workflow["States"]
    for state in workflow["States"].values():
        for branch in (*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])):
            yield from machines_of(branch)


def test_each_step_has_a_script_and_a_state(
    config: dict[str, Any], workflow: dict[str, Any]
) -> None:
    tasks = job_states(workflow)
    assert list(tasks) == config["steps"]
    for step, state in tasks.items():
        entrypoint = state["Parameters"]["AppSpecification"]["ContainerEntrypoint"]
        assert entrypoint == ["python3", f"script/{step}.py"]
        assert (ROOT / "script" / f"{step}.py").is_file()


def test_each_step_reads_what_the_one_before_wrote(
    config: dict[str, Any], workflow: dict[str, Any]
) -> None:
    previous = "raw"
    for step, state in job_states(workflow).items():
        if step not in workflow["States"]:
            break  # side by side, steps read what their states say
        job = state["Parameters"]
        paths = [one["S3Input"]["LocalPath"] for one in job.get("ProcessingInputs", [])]
        only_queries = previous == "raw" and "s3" not in config.get("data_sources", ["s3"])
        (target,) = job["ProcessingOutputConfig"]["Outputs"]
        assert paths == ([] if only_queries else [f"/opt/ml/processing/input/{previous}"])
        assert target["S3Output"]["LocalPath"] == f"/opt/ml/processing/{step}"
        previous = step


def imports_of(script: Path) -> set[str]:
    """The packages that a script imports, without what Python and this project bring."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    own = {path.stem for path in (ROOT / "script").iterdir()}
    return names - own - sys.stdlib_module_names - {"batcat_runtime"}


def modules_of(package: str) -> set[str]:
    """What an installed package lets a script import."""
    try:
        files = distribution(package).files or []
    except PackageNotFoundError:
        files = []
    return {re.sub(r"[-.]", "_", package), *(file.parts[0].split(".")[0] for file in files)}


def package_of(module: str) -> str:
    """The installed package that brings a module; its own name when there is none."""
    installed = {one.metadata["Name"] for one in distributions()}
    return min((name for name in installed if module in modules_of(name)), default=module)


def test_the_image_has_what_the_steps_import() -> None:
    lines = (ROOT / "deploy" / "docker" / "requirements.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^[A-Za-z0-9][A-Za-z0-9._-]*", lines, re.MULTILINE)
    there = set[str]().union(*map(modules_of, packages))
    steps = [file for file in sorted((ROOT / "script").glob("*.py")) if file.stem != "train"]
    missing = {module: file.name for file in steps for module in imports_of(file) - there}
    assert not missing, "the image lacks what steps import:\n" + "\n".join(
        f"script/{file} imports {module}; "
        f"add to deploy/docker/requirements.txt the line: {package_of(module)}"
        for module, file in missing.items()
    )


def test_every_state_leads_to_another_or_ends(workflow: dict[str, Any]) -> None:
    for states in machines_of(workflow):
        for state in states.values():
            targets = [state.get("Next"), state.get("Default")]
            targets += [one["Next"] for one in state.get("Choices", []) + state.get("Catch", [])]
            assert set(filter(None, targets)) <= set(states)
            assert any(targets) or state.get("End") or state["Type"] == "Fail"
