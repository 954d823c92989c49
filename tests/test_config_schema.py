"""deploy/config.json is refused here for what SageMaker would refuse later, by name."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest

import batcat_runtime as bc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = {
    "$schema": "config.schema.json",
    "project": "2026-domain-topic",
    "purpose": "purpose",
    "steps": ["step"],
    "partition": "aws",
    "region": "us-east-1",
    "result_s3_bucket": "bucket",
}
WORKGROUP = "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/x"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:acme-Ab1Cd2"
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
def schema(render: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The schema of a project that has all there is."""
    project = render(tmp_path_factory.mktemp("schema") / "p", data_sources="s3, athena, redshift")
    return (project / "deploy" / "config.schema.json").read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path, schema: str) -> Path:
    """Where a configuration will lie, beside the schema."""
    (tmp_path / "config.schema.json").write_text(schema, encoding="utf-8")
    return tmp_path / "config.json"


@pytest.fixture(scope="module")
def definitions(schema: str) -> dict[str, Any]:
    """What the schema says of each value."""
    return dict(json.loads(schema)["definitions"])


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
        ("athena_database", "my-lake", 'for example "health_screening"'),
        ("athena_workgroup", "", '(who runs the queries), for example "primary"'),
        ("athena_data", "acme-lake/screening", 'for example "s3://acme-lake/screening/"'),
        ("athena_data", "s3://acme-lake/screening", 'for example "s3://acme-lake/screening/"'),
        ("athena_data", "s3://acme-lake/*/", 'for example "s3://acme-lake/screening/"'),
        ("redshift_warehouse", WORKGROUP, 'the end of its ARN), for example "warehouse"'),
        ("redshift_database", "", '(the database that is queried), for example "dev"'),
        ("redshift_secret", SECRET, 'for example "acme/redshift"'),
    ],
)
def test_what_sagemaker_would_refuse_is_refused_with_a_valid_value(
    file: Path, within: str, key: str, value: Any, told: str
) -> None:
    wrong = {key: value}
    config = CONFIG | ({"environments": {within: wrong}} if within else wrong)
    file.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(bc.ConfigError) as refused:
        bc.get_config(file)
    where = f"environments.{within}.{key}" if within else key
    assert f"{where} is {json.dumps(value)}; it must be " in str(refused.value)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("athena_data", "s3://acme-lake/"),
        ("redshift_warehouse", "warehouse-2"),
        ("redshift_warehouse", "0123abcd-0123-abcd-0123-0123456789ab"),
        ("redshift_secret", "redshift!warehouse-awsuser"),
    ],
)
def test_what_names_a_source_is_taken(file: Path, key: str, value: str) -> None:
    file.write_text(json.dumps(CONFIG | {"environments": {"dev": {key: value}}}), encoding="utf-8")
    assert bc.get_config(file)["environments"] == {"dev": {key: value}}


@pytest.mark.parametrize("above", ["monthly_budget", "alarm_email"])
def test_what_goes_together_may_stand_above_and_below(file: Path, above: str) -> None:
    """Whether both are there is looked at where an environment has been chosen."""
    told = {"monthly_budget": 50, "alarm_email": "a@example.org"}
    below = {name: value for name, value in told.items() if name != above}
    config = CONFIG | {above: told[above], "environments": {"dev": below}}
    file.write_text(json.dumps(config), encoding="utf-8")
    assert bc.get_config(file)["environments"] == {"dev": below}
