"""``batcat doctor``, ``cost`` and ``down`` as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from batcat_runtime.emulator import LocalAws

    from .conftest import User


def test_doctor_is_content_with_a_good_project(user: User) -> None:
    said = user.batcat("doctor")
    assert said.code == 0, said.err
    assert "ok       credentials" in said.out
    assert "unknown  quota" in said.out


def test_doctor_fails_with_what_mends_it_and_shows_no_secret(user: User) -> None:
    config = user.folder / "deploy" / "config.json"
    document = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**document, "instance_count": "2"}), encoding="utf-8")
    user.environment["AWS_SESSION_TOKEN"] = "hush-hush"
    said = user.batcat("doctor", "--json")
    assert said.code == 1
    assert said.document["status"] == "FAILED"
    (finding,) = [one for one in said.document["findings"] if one["level"] == "failed"]
    assert finding["check"] == "config"
    assert finding["mend"]
    assert "hush" not in said.out + said.err


def test_doctor_takes_warnings_for_failures_only_when_told_to(user: User) -> None:
    (user.folder / "requirements.txt").write_text("batcat-runtime==0.0.1\n", encoding="utf-8")
    assert user.batcat("doctor").code == 0
    said = user.batcat("doctor", "--strict")
    assert said.code == 1
    assert "→ pip install -r requirements.txt" in said.out


def test_doctor_without_credentials_says_so_and_looks_at_the_rest(newcomer: User) -> None:
    said = newcomer.batcat("doctor", "--env", "dev")
    assert said.code == 1
    assert "ok       template" in said.out
    assert "failed   credentials  there are no credentials" in said.out
    assert "→ aws configure sso" in said.out


def test_cost_shows_what_it_would_be_for_where_there_are_no_prices(
    user: User, tmp_path: Path
) -> None:
    user.environment["XDG_CACHE_HOME"] = str(tmp_path)
    said = user.batcat("cost", "--runs", "4", "--hours", "0.5")
    assert said.code == 0, said.err
    assert "ml.t3.medium, hours: 0.5 a run, 2 a month" in said.out
    assert "No price: service pricing is not emulated" in said.out
    document = user.batcat("cost", "--json").document
    assert document["month"] is None
    assert document["lines"][0]["reason"].startswith("service pricing")


@pytest.mark.parametrize("text", ["much", "-1", "nan"])
def test_cost_takes_numbers_only(user: User, text: str) -> None:
    said = user.batcat("cost", f"--hours={text}")
    assert said.code == 2
    assert f"--hours is '{text}'" in said.err


def test_down_proves_that_nothing_is_left(user: User, local_aws: LocalAws) -> None:
    """And ends with 1 when something is: here a topic that somebody gave the project's tags."""
    user.batcat("run")
    kept = user.batcat("down")
    assert kept.code == 0, kept.err
    assert "Kept: data in s3://" in kept.out
    assert "Nothing billable is left but what you keep." in kept.out
    sns = local_aws.client("sns")
    tags = {"project": "2026-demo-rain", "purpose": "forecast", "environment": "local"}
    topic = sns.create_topic(
        Name="by-hand", Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
    )["TopicArn"]
    said = user.batcat("down", "--delete-data", "--yes", "--json")
    sns.delete_topic(TopicArn=topic)
    assert said.code == 1
    assert [one["what"] for one in said.document["left"]] == [topic]
    assert f"LEFT: {topic}" in said.err
    again = user.batcat("down", "--delete-data")
    assert (again.code, "Nothing billable is left.\n" in again.out) == (0, True)


def test_help_imports_nothing_that_only_one_verb_needs() -> None:
    code = (
        "import sys, batcat_runtime.cli.main\n"
        "print([name for name in sys.modules if name.startswith(("
        "'batcat_runtime.deploy.doctor', 'batcat_runtime.deploy.cost'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
