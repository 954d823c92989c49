"""One step of a workflow alone."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from batcat_runtime.deploy.network import network_settings, with_network
from batcat_runtime.deploy.single_step import only
from batcat_runtime.errors import ConfigError

DEFINITION: dict[str, Any] = json.loads(
    (Path(__file__).parent / "sample" / "deploy" / "workflow.asl.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("step", ["clean", "forecast"])
def test_only_the_step_is_left_and_it_is_the_end(step: str) -> None:
    before = copy.deepcopy(DEFINITION)
    alone = only(DEFINITION, step)
    assert alone["StartAt"] == "HasInputPath"
    assert set(alone["States"]) == {"HasInputPath", "UseDefaultInputPath", step}
    assert alone["States"]["HasInputPath"]["Choices"][0]["Next"] == step
    assert alone["States"]["UseDefaultInputPath"]["Next"] == step
    state = alone["States"][step]
    assert state["End"] is True
    assert "Next" not in state
    assert "Catch" not in state
    assert state["Parameters"] == DEFINITION["States"][step]["Parameters"]
    assert state["Retry"] == DEFINITION["States"][step]["Retry"]
    assert before == DEFINITION


def test_a_workflow_may_begin_with_a_step() -> None:
    job = {"Type": "Task", "Resource": "r", "Next": "b"}
    definition = {"StartAt": "a", "States": {"a": job, "b": {**job, "Next": "c"}}}
    assert only(definition, "b") == {
        "Comment": "Only b",
        "StartAt": "b",
        "States": {"b": {"Type": "Task", "Resource": "r", "End": True}},
    }


def test_a_step_that_does_not_exist_lists_those_that_do() -> None:
    with pytest.raises(ConfigError, match="no step 'x'; its steps are clean, forecast"):
        only(DEFINITION, "x")


def test_network_settings_reach_every_processing_job() -> None:
    settings = network_settings(security_group_ids=["sg-1"], subnets=["subnet-1"])
    changed = with_network(DEFINITION, settings)
    for step in ("clean", "forecast"):
        assert changed["States"][step]["Parameters"]["NetworkConfig"] == {
            "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
        }
    assert "NetworkConfig" not in DEFINITION["States"]["clean"]["Parameters"]


def test_network_settings_that_no_job_would_get_are_refused() -> None:
    with pytest.raises(ConfigError, match="no state of the workflow makes a Processing job"):
        with_network({"States": {"a": {"Type": "Pass"}}}, {"EnableNetworkIsolation": True})


def test_the_sdks_network_config_says_the_same_as_a_mapping() -> None:
    class NetworkConfig:  # the attributes of sagemaker's class of this name
        enable_network_isolation = True
        security_group_ids = ("sg-1",)
        subnets = ("subnet-1",)
        encrypt_inter_container_traffic = None

    assert network_settings(NetworkConfig()) == network_settings(
        {"EnableNetworkIsolation": True, "VpcConfig": {"SecurityGroupIds": ["sg-1"]}},
        subnets=["subnet-1"],
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"network_config": {"Isolation": True}}, "has Isolation, which is not known"),
        ({"network_config": {"VpcConfig": {"Vpc": "v"}}}, r"has VpcConfig\.Vpc"),
        ({"network_config": "isolated"}, "network_config is str"),
        ({"subnets": ["subnet-1"]}, "security_group_ids is missing"),
        (
            {
                "network_config": {"EnableNetworkIsolation": True},
                "enable_network_isolation": False,
            },
            "say it once",
        ),
    ],
)
def test_a_network_setting_that_cannot_be_kept_is_refused_by_name(
    arguments: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        network_settings(**arguments)
