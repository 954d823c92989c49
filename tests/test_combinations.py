"""Every pair of answers meets in some project, and each of these projects is sound as it stands."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections.abc import Callable
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import fastjsonschema
import pytest
import yaml
from cfnlint.api import lint_file
from cfnlint.config import ManualArgs

from batcat_runtime.deploy.definition import job_states

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

Run = Callable[..., "subprocess.CompletedProcess[str]"]
HOSTILE = """It's "quoted" \\ {{ 7*7 }} {% raw %} ${x} `id` $(id) : # é🐈 <b> %s & - ''' \""\""""
FACTORS: dict[str, list[Any]] = {
    "project": ["2026-health-screening", "2026-a-b", "2026-domain-" + "x" * 10],
    "purpose": ["inference", "batch-scoring"],
    "steps": [
        ["preprocess", "inference"],
        "score",
        ["clean", "add_features", "a_score"],
        ["zz", "b", "c", "d"],
    ],
    "place": [
        {"partition": "aws"},
        {"partition": "aws", "region": "eu-central-1"},
        {"partition": "aws-cn"},
        {"partition": "aws-us-gov"},
    ],
    "data_sources": [["s3"], ["athena"], "redshift", ["s3", "athena"], "redshift, s3, athena"],
    "has_role": [False, True],
    "trigger": ["manual", "schedule", "s3"],
    "python_version": ["3.10", "3.11", "3.12", "3.13"],
    "package_index_url": ["", "https://mirror.example/simple"],
    "licence": ["MIT", "Apache-2.0", "none"],
    "example": [True, False],
    "runtime_version": ["", "0.3.0"],
    "text": ["Ada Lovelace", HOSTILE],
}


def covering(factors: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Choose rows greedily until every pair of values has met in one."""
    names = list(factors)
    sizes = [range(len(factors[name])) for name in names]
    pairs = {
        ((a, x), (b, y))
        for a, b in combinations(range(len(names)), 2)
        for x, y in product(sizes[a], sizes[b])
    }
    rows = []
    while pairs:
        (first, second) = min(pairs)
        row = dict([first, second])
        for place in range(len(names)):
            if place not in row:
                row[place] = max(
                    sizes[place],
                    key=lambda value: sum(
                        tuple(sorted([(place, value), other])) in pairs for other in row.items()
                    ),
                )
        pairs -= set(combinations(sorted(row.items()), 2))
        rows.append({name: factors[name][row[place]] for place, name in enumerate(names)})
    return rows


def answers_of(row: dict[str, Any]) -> dict[str, Any]:
    """Turn a row into answers; where two exclude each other, the later question gives way."""
    answers = dict(row)
    answers |= answers.pop("place")
    answers["description"] = answers["author"] = answers.pop("text")
    if answers.pop("has_role"):
        role = f"arn:{answers['partition']}:iam::123456789012:role/team/workflow"
        answers["workflow_execution_role"] = role
    if answers["steps"] == "score":
        answers["example"] = False
    return answers


@pytest.fixture(scope="module")
def projects(
    render: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[Path, dict[str, Any]]:
    """The covering set, rendered: each project with its answers."""
    folder = tmp_path_factory.mktemp("combinations")
    all_answers = map(answers_of, covering(FACTORS))
    return {render(folder / f"{n}", **answers): answers for n, answers in enumerate(all_answers)}


def test_the_covering_set_is_one(projects: dict[Path, dict[str, Any]]) -> None:
    rows = covering(FACTORS)
    assert len(projects) == len(rows) <= 25
    for a, b in combinations(FACTORS, 2):
        met = {(json.dumps(row[a]), json.dumps(row[b])) for row in rows}
        assert len(met) == len(FACTORS[a]) * len(FACTORS[b])


def test_answers_are_remembered_as_they_were_given(projects: dict[Path, dict[str, Any]]) -> None:
    for project, answers in projects.items():
        remembered = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
        assert {name: remembered[name] for name in answers} == answers


def test_configuration_fits_its_schema(projects: dict[Path, dict[str, Any]]) -> None:
    for project, answers in projects.items():
        schema = json.loads((project / "deploy" / "config.schema.json").read_text())
        config = json.loads((project / "deploy" / "config.json").read_text())
        fastjsonschema.validate(schema, config)
        assert config.get("workflow_execution_role") == answers.get("workflow_execution_role")


def test_toml_and_yaml_say_what_was_answered(projects: dict[Path, dict[str, Any]]) -> None:
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    for project, answers in projects.items():
        document = toml.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
        assert document["project"]["description"] == answers["description"]
        assert document["project"]["authors"] == [{"name": answers["author"]}]
        yaml.safe_load((project / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
        if answers["licence"] == "MIT":
            assert answers["author"] in (project / "LICENSE").read_text(encoding="utf-8")


IN_TEMPLATE = ("partition", "region", "data_sources", "trigger", "python_version", "author")
"""The questions whose answers change what stands in the template; each does so by itself."""


def test_templates_pass_the_schemas_of_cloudformation(
    projects: dict[Path, dict[str, Any]],
) -> None:
    met: set[str] = set()
    for project, answers in projects.items():
        config = json.loads((project / "deploy" / "config.json").read_text())
        assert config["region"] == answers.get("region", config["region"])
        new = {f"{name} {answers.get(name)}" for name in IN_TEMPLATE} - met
        if new:
            met |= new
            where = ManualArgs(regions=[config["region"]])
            found = lint_file(project / "deploy" / "template.yaml", config=where)
            assert [f"{one.rule.id} {one.message}" for one in found] == []


def test_roles_allow_only_what_is_named(projects: dict[Path, dict[str, Any]]) -> None:
    """No action ends in a star; a star for a resource stands only where AWS knows no resources."""
    without_resources = {
        "cloudwatch:PutMetricData",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "ecr:GetAuthorizationToken",
        "redshift-data:CancelStatement",
        "redshift-data:DescribeStatement",
        "redshift-data:GetStatementResult",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    }
    for project in projects:
        text = (project / "deploy" / "template.yaml").read_text()
        for statement in re.split(r"- Sid: ", text)[1:]:
            if "Effect: Deny" in statement:
                continue
            body = statement.split("\n\n")[0]
            actions = set(re.findall(r"\b[a-z0-9-]+:[A-Z][A-Za-z]+\b", body.split("Resource:")[0]))
            assert actions
            assert not re.search(r"^\s+(- |Action: )?[a-z0-9]+:\*", body, re.MULTILINE)
            if re.search(r'(Resource:|-) "\*"', body):
                assert actions <= without_resources
                own = "redshift-data:statement-owner-iam-userid: ${aws:userid}" in body
                assert own == any(action.startswith("redshift-data:") for action in actions)


def test_every_state_is_reached_and_leads_on(projects: dict[Path, dict[str, Any]]) -> None:
    for project in projects:
        config = json.loads((project / "deploy" / "config.json").read_text())
        machine = json.loads((project / "deploy" / "workflow.asl.json").read_text())
        states, waiting, reached = machine["States"], [machine["StartAt"]], set[str]()
        while waiting:
            name = waiting.pop()
            reached.add(name)
            state = states[name]
            branches = [*state.get("Choices", []), *state.get("Catch", []), state]
            following = {one[key] for one in branches for key in ("Next", "Default") if key in one}
            waiting += following - reached
            assert following or state.get("End") or state["Type"] == "Fail"
        assert reached == set(states)
        assert list(job_states(machine)) == config["steps"]


def test_python_is_formatted_and_lints(projects: dict[Path, dict[str, Any]], run: Run) -> None:
    folder = next(iter(projects)).parent
    run(folder, "ruff", "format", "--check", "--diff", ".")
    run(folder, "ruff", "check", "--output-format=concise", ".")


def test_shell_scripts_parse_and_run_as_programs(
    projects: dict[Path, dict[str, Any]], run: Run
) -> None:
    script = next(iter(projects)) / "deploy" / "setup_docker.sh"
    run(script.parent, "bash", "-n", script.name)
    assert os.access(script, os.X_OK)


def test_the_image_is_built_as_answered(projects: dict[Path, dict[str, Any]]) -> None:
    for project, answers in projects.items():
        dockerfile = (project / "deploy" / "docker" / "Dockerfile").read_text()
        index = answers["package_index_url"]
        assert f"ARG BASE=python:{answers['python_version']}-slim\n" in dockerfile
        assert not index or index not in dockerfile  # it reaches a build as a secret
        lines = (project / "requirements.txt").read_text().splitlines()
        assert (f"--index-url {index}" in lines) == bool(index)
