"""deploy/config.json is refused here for what SageMaker would refuse later, by name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest

import batcat_runtime as bc

SCHEMA = Path(__file__).resolve().parents[1] / "template" / "deploy" / "config.schema.json"
CONFIG = {
    "$schema": str(SCHEMA),
    "project": "2026-domain-topic",
    "purpose": "purpose",
    "steps": ["step"],
    "partition": "aws",
    "region": "us-east-1",
    "result_s3_bucket": "bucket",
}
LIMITS = {
    "instance_count": "ProcessingInstanceCount",
    "volume_size_gb": "ProcessingVolumeSizeInGB",
    "max_runtime_seconds": "ProcessingMaxRuntimeInSeconds",
}


@pytest.fixture(scope="module")
def sagemaker() -> Any:
    """What botocore knows of SageMaker's API."""
    return botocore.session.get_session().get_service_model("sagemaker")


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    """What the schema says of each value."""
    return dict(json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"])


@pytest.mark.parametrize(("key", "shape"), LIMITS.items())
def test_limits_are_those_of_a_processing_job(
    sagemaker: Any, definitions: dict[str, Any], key: str, shape: str
) -> None:
    limits = sagemaker.shape_for(shape).metadata
    assert (definitions[key]["minimum"], definitions[key]["maximum"]) == (
        limits["min"],
        limits["max"],
    )


def test_every_machine_that_sagemaker_has_is_taken(
    sagemaker: Any, definitions: dict[str, Any]
) -> None:
    machines = sagemaker.shape_for("ProcessingInstanceType").enum
    pattern = definitions["instance_type"]["pattern"]
    assert [name for name in machines if not re.search(pattern, name)] == []


@pytest.mark.parametrize("within", ["", "dev"])
@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("max_runtime_seconds", 777601, "at most 777600 (a step that runs longer is stopped"),
        ("max_runtime_seconds", 0, "for example 3600"),
        ("volume_size_gb", 16385, "at most 16384 (disk of each machine, in GB), for example 20"),
        ("instance_count", 101, "at most 100 (machines a step), for example 1"),
        ("instance_count", 1.5, "a whole number (machines a step), for example 1"),
        ("instance_type", "t3.medium", '(ml.<family>.<size>), for example "ml.t3.medium"'),
        ("instance_type", "ml.t3.medum", '(ml.<family>.<size>), for example "ml.t3.medium"'),
        ("instance_type", "ml.t3", '(ml.<family>.<size>), for example "ml.t3.medium"'),
        ("region", "frankfurt", 'for example "eu-central-1"'),
    ],
)
def test_what_sagemaker_would_refuse_is_refused_with_a_valid_value(
    tmp_path: Path, within: str, key: str, value: Any, told: str
) -> None:
    file = tmp_path / "config.json"
    wrong = {key: value}
    config = CONFIG | ({"environments": {within: wrong}} if within else wrong)
    file.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(bc.ConfigError) as refused:
        bc.get_config(file)
    where = f"environments.{within}.{key}" if within else key
    assert f"{where} is {json.dumps(value)}; it must be " in str(refused.value)
    assert told in str(refused.value)
