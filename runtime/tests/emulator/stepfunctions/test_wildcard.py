"""States.ALL matches every error but those that AWS does not let it match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Workbench


def caught(parameters: dict[str, Any], *names: str, rule: str = "Catch") -> dict[str, Any]:
    """A task that puts an object into a bucket, with a rule for errors."""
    rules: dict[str, Any] = {
        "Catch": {"ErrorEquals": list(names), "Next": "Z"},
        "Retry": {"ErrorEquals": list(names), "IntervalSeconds": 1, "MaxAttempts": 1},
    }
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": parameters,
        "Next": "Z",
        rule: [rules[rule]],
    }
    return {"StartAt": "A", "States": {"A": task, "Z": {"Type": "Pass", "End": True}}}


NO_PATH = {"Bucket.$": "$.absent", "Key": "k"}
NO_BUCKET = {"Bucket": "no-such-bucket", "Key": "k"}


def test_all_catches_what_a_service_answers(bench: Workbench) -> None:
    assert bench.output(caught(NO_BUCKET, "States.ALL"))["Error"] == "S3.NoSuchBucketException"


@pytest.mark.parametrize("rule", ["Catch", "Retry"])
def test_all_does_not_match_a_runtime_error(bench: Workbench, rule: str) -> None:
    execution = bench.start(caught(NO_PATH, "States.ALL", rule=rule))
    assert bench.finish(execution)["error"] == "States.Runtime"
    assert bench.events(execution).count("TaskFailed") <= 1


def test_all_does_not_match_an_output_that_is_too_long(bench: Workbench) -> None:
    s3 = bench.aws.client("s3")
    s3.create_bucket(Bucket="too-long")
    s3.put_object(Bucket="too-long", Key="k", Body=b"x" * 300_000)
    described = bench.run(caught({"Bucket": "too-long", "Key": "k"}, "States.ALL"))
    assert described["error"] == "States.DataLimitExceeded"


def test_a_runtime_error_in_a_branch_is_not_matched_around_it(bench: Workbench) -> None:
    inner = {"Type": "Pass", "Parameters": {"x.$": "$.absent"}, "End": True}
    definition = caught({}, "States.ALL")
    outer = definition["States"]["A"]
    for name in ("Resource", "Parameters"):
        del outer[name]
    outer |= {"Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": inner}}]}
    assert bench.run(definition)["error"] == "States.Runtime"
