"""What is wrong with the project itself is found, and hides nothing else."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest
from runtime.tests.deploy.doctor.findings import ACCOUNT, found, levels

from batcat_runtime.deploy.doctor import Finding, Report, examine
from batcat_runtime.deploy.doctor.examine import CHECKS
from batcat_runtime.deploy.doctor.finding import NotLooked
from batcat_runtime.deploy.doctor.needs import needs
from batcat_runtime.deploy.doctor.seen import Seen, look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batcat_runtime.deploy import Project
    from batcat_runtime.emulator import LocalAws


def test_a_good_project_on_the_local_aws_fails_at_nothing(alone: Project) -> None:
    report = examine(Seen(alone))
    assert report.is_well(strict=True)
    assert {finding.check for finding in report.findings} == set(CHECKS)
    unknown = {one.check for one in report.findings if one.level == "unknown"}
    assert "quota" in unknown
    assert all("not emulated" in one.text for one in report.findings if one.check == "quota")


def test_a_configuration_that_is_wrong_hides_no_other_finding(
    folder: Path, account: LocalAws
) -> None:
    del account
    file = folder / "deploy" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["instance_count"] = "many"
    file.write_text(json.dumps(config), encoding="utf-8")
    report = examine(look(folder, "local"))
    by_check = {finding.check: finding for finding in report.findings}
    assert by_check["config"].level == "failed"
    assert "instance_count is 'many'" in by_check["config"].text
    assert by_check["credentials"].level == "ok"
    assert by_check["bucket"].level == "ok"
    assert not report.is_well()


def test_a_template_that_cannot_be_read_is_named_with_its_line(project: Project) -> None:
    project.template.write_text("Resources: {a: b: c}\n", encoding="utf-8")
    (finding,) = found(Seen(project), "template")
    assert finding.level == "failed"
    assert "line 1" in finding.text


def test_steps_that_the_workflow_does_not_run_are_found(project: Project) -> None:
    assert levels(Seen(project), "template") == ["ok"]
    (finding,) = found(Seen(replace(project, steps=("clean",))), "template")
    assert (finding.level, "forecast" in finding.text) == ("failed", True)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("batcat-runtime[cli,local]==0.0.1", "warning"),
        ("batcat-runtime[cli,local]=={installed}", "ok"),
        ("batcat-runtime @ file:///somewhere", "ok"),
        ("pandas", "warning"),
    ],
)
def test_the_runtime_is_the_one_that_the_project_names(
    project: Project, line: str, level: str
) -> None:
    from importlib.metadata import version

    text = line.format(installed=version("batcat-runtime"))
    (project.root / "requirements.txt").write_text(f"# first\n{text}\n", encoding="utf-8")
    assert levels(Seen(project), "runtime") == [level]


def test_every_need_names_its_resources(dev: Project) -> None:
    """But where AWS takes none."""
    docker = dev.root / "deploy" / "docker"
    docker.mkdir()
    (docker / "Dockerfile").touch()
    anywhere = set()
    for need in needs(dev, ACCOUNT, "aws"):
        assert need.actions
        assert all(":" in action and "*" not in action for action in need.actions)
        if need.resources == ("*",):
            anywhere |= set(need.actions)
        else:
            assert all(resource.startswith("arn:aws:") for resource in need.resources)
    assert anywhere == {
        "ecr:GetAuthorizationToken",
        "logs:DescribeLogGroups",
        "sagemaker:ListProcessingJobs",
        "tag:GetResources",
    }


def test_one_check_that_fails_or_hangs_hides_no_other(project: Project) -> None:
    never = Event()

    def hangs(_: Seen) -> Iterator[Finding]:
        never.wait()
        yield Finding("hangs", "ok", "")

    def breaks(_: Seen) -> Iterator[Finding]:
        yield Finding("breaks", "ok", "this far")
        raise KeyError("unexpected")

    def blind(_: Seen) -> Iterator[Finding]:
        raise NotLooked("it is dark")
        yield

    begin = time.monotonic()
    checks = {"hangs": hangs, "breaks": breaks, "blind": blind, "config": CHECKS["config"]}
    report = examine(Seen(project), checks, seconds=0.5)
    assert time.monotonic() - begin < 5
    never.set()
    assert [(one.check, one.level) for one in report.findings] == [
        ("hangs", "failed"),
        ("breaks", "ok"),
        ("breaks", "failed"),
        ("blind", "unknown"),
        ("config", "ok"),
    ]


def test_warnings_fail_only_where_they_are_asked_to() -> None:
    report = Report(
        (Finding("a", "ok", ""), Finding("b", "warning", ""), Finding("c", "unknown", ""))
    )
    assert report.is_well()
    assert not report.is_well(strict=True)
