"""A project is found from any of its folders, and read for one environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.deploy.project import find_root, load_project
from batcat_runtime.errors import ConfigError, MissingError

if TYPE_CHECKING:
    from pathlib import Path


def change(folder: Path, **values: Any) -> None:
    """Change keys of the project's configuration; None removes one."""
    file = folder / "deploy" / "config.json"
    config = {**json.loads(file.read_text(encoding="utf-8")), **values}
    kept = {key: value for key, value in config.items() if value is not None}
    file.write_text(json.dumps(kept), encoding="utf-8")


def test_a_project_is_found_from_any_folder_inside_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / "data" / "raw")
    assert find_root() == folder
    assert load_project().project == "2026-demo-rain"


def test_outside_of_a_project_the_error_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"config\.json.*--project"):
        load_project(tmp_path)


def test_local_is_the_default_environment(folder: Path) -> None:
    project = load_project(folder)
    assert project.is_local
    assert project.environments == ("local", "dev")
    assert project.result_path == "s3://2026-demo-rain-us-east-1/forecast"


def test_an_environment_replaces_general_values(folder: Path) -> None:
    change(folder, environments={"prod": {"region": "eu-west-1", "instance_type": "ml.m5.xlarge"}})
    project = load_project(folder, "prod")
    assert (project.region, project.instance_type) == ("eu-west-1", "ml.m5.xlarge")
    assert load_project(folder).region == "us-east-1"


def test_what_only_an_account_has_is_left_to_it(folder: Path) -> None:
    role = "arn:aws:iam::111122223333:role/workflow"
    key = "arn:aws:kms:us-east-1:111122223333:key/1234"
    change(folder, workflow_execution_role=role, trigger_role=role, kms_key=key)
    here, there = load_project(folder), load_project(folder, "dev")
    assert (here.workflow_execution_role, here.trigger_role, here.kms_key) == ("", "", "")
    assert (there.workflow_execution_role, there.trigger_role, there.kms_key) == (role, role, key)


def test_only_an_account_cuts_the_steps_off_from_the_network(folder: Path) -> None:
    change(folder, network_isolation=True)
    assert [load_project(folder, name).is_isolated for name in ("local", "dev")] == [False, True]


def test_an_unknown_environment_lists_the_known_ones(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"'prod' is not known; known are local, dev"):
        load_project(folder, "prod")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"region": None}, "region is missing"),
        ({"steps": []}, "steps is missing"),
        ({"steps": "clean"}, "it must be a list of names"),
        ({"instance_count": "2"}, "it must be a whole number"),
        ({"instance_count": True}, "it must be a whole number"),
        ({"account": "12"}, "twelve digits"),
        ({"result_s3_bucket": "Not_A_Bucket"}, "bucket 'Not_A_Bucket' is not allowed"),
        ({"region": "cn-north-1"}, "cn-north-1 belongs to the partition aws-cn, not to aws"),
        ({"region": "moon"}, "region 'moon' belongs to no known partition"),
        (
            {"workflow_execution_role": "arn:aws-cn:iam::111122223333:role/w"},
            "role/w belongs to the partition aws-cn, not to aws",
        ),
        ({"network_isolation": "true"}, "it must be true or false"),
        ({"vpc_subnets": ["subnet-1"]}, "vpc_security_groups go together"),
        ({"kms_key": "arn:aws-cn:kms:cn-north-1:111122223333:key/k"}, "key/k belongs to the part"),
    ],
)
def test_a_wrong_value_is_named(folder: Path, values: dict[str, Any], complaint: str) -> None:
    change(folder, **values)
    with pytest.raises(ConfigError, match=complaint):
        load_project(folder)


def test_a_budget_of_an_account_needs_somebody_to_tell(folder: Path) -> None:
    """Who that is may differ between environments; the local AWS writes to nobody."""
    change(folder, monthly_budget=50, environments={"dev": {}, "prod": {"alarm_email": "a@b.org"}})
    assert load_project(folder, "prod").monthly_budget == 50
    assert load_project(folder).monthly_budget == 50
    with pytest.raises(ConfigError, match="monthly_budget tells alarm_email, and nobody else"):
        load_project(folder, "dev")
