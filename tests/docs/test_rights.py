"""docs/data.md lists the rights that a project's role has, and the statements it shows fit in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.deploy import cfn_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data.md"
ROWS = {"s3": "files in S3", "athena": "queries on Athena", "redshift": "Redshift by a secret"}
# What each job needs, whatever it reads: its image, and its log.
OF_EVERY_JOB = ("cloudwatch:", "ecr:", "logs:")


def listed() -> dict[str, set[str]]:
    """The actions that the page lists, by what they are for."""
    found: dict[str, set[str]] = {}
    purpose = ""
    for line in PAGE.read_text(encoding="utf-8").partition("## Rights")[2].splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 5:
            purpose = cells[1] or purpose
            actions = re.findall(r"`([a-z0-9-]+:[A-Za-z]+)`", cells[2])
            found.setdefault(purpose, set()).update(actions)
    return found


def statements(template: Path) -> list[dict[str, Any]]:
    """What the role of the steps may do, whatever network and key it has."""
    role = cfn_yaml.load(template)["Resources"]["JobRole"]["Properties"]
    found = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    return [one for one in found if "Fn::If" not in one]


def actions(statement: dict[str, Any]) -> set[str]:
    """A statement's actions."""
    told = statement["Action"]
    return {told} if isinstance(told, str) else set(told)


@pytest.mark.parametrize(
    "sources", [["s3"], ["athena"], ["redshift"], ["s3", "athena", "redshift"]], ids="-".join
)
def test_the_page_lists_exactly_what_the_role_may_do(
    render: Callable[..., Path], tmp_path: Path, sources: list[str]
) -> None:
    template = render(tmp_path / "p", data_sources=sources) / "deploy" / "template.yaml"
    granted = {action for one in statements(template) for action in actions(one)}
    granted = {action for action in granted if not action.startswith(OF_EVERY_JOB)}
    assert granted == set().union(*(listed()[ROWS[source]] for source in {"s3", *sources}))


def test_the_role_lists_only_prefixes_that_the_pipeline_uses(
    render: Callable[..., Path], tmp_path: Path
) -> None:
    template = render(tmp_path / "p", data_sources=["s3", "athena"]) / "deploy" / "template.yaml"
    prefixes = [
        one["Condition"]["StringLike"]["s3:prefix"]["Fn::Sub"]
        for one in statements(template)
        if "s3:ListBucket" in actions(one)
    ]
    assert prefixes == ["${Purpose}/*", "${AthenaDataPrefix}*"]


@pytest.mark.parametrize("page", ["README.md", "docs/data.md"])
def test_the_statement_for_a_key_of_ones_own_fits_into_the_template(
    render: Callable[..., Path], tmp_path: Path, page: str
) -> None:
    """As it is shown, indentation included."""
    project = render(tmp_path / "p", data_sources=["s3", "athena", "redshift"])
    text = (project / page if page == "README.md" else PAGE).read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    template = project / "deploy" / "template.yaml"
    whole = template.read_text(encoding="utf-8")
    before = len(statements(template))
    template.write_text(
        whole.replace(
            "              - Sid: WriteLogs\n", f"{shown}              - Sid: WriteLogs\n"
        ),
        encoding="utf-8",
    )
    after = statements(template)
    assert len(after) == before + 1
    assert {"kms:Decrypt"} in [actions(one) for one in after]


def test_the_page_lists_what_a_key_takes(render: Callable[..., Path], tmp_path: Path) -> None:
    role = cfn_yaml.load(render(tmp_path / "p") / "deploy" / "template.yaml")["Resources"][
        "JobRole"
    ]
    (policy,) = role["Properties"]["Policies"]
    conditional = [
        one["Fn::If"] for one in policy["PolicyDocument"]["Statement"] if "Fn::If" in one
    ]
    (statement,) = [one for _, one, _ in conditional if one["Sid"] == "UseKey"]
    # SageMaker's own documentation asks for one more, for what it writes itself.
    assert listed()["a key (`kms_key`)"] == actions(statement) - {"kms:Encrypt"}
