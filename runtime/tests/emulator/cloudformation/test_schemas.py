"""Provider schemas say which type a value has and what names a resource."""

from __future__ import annotations

import pytest

from batcat_runtime.emulator.cloudformation import schemas

REGION = "us-east-1"


def test_scalars_take_the_types_that_the_service_wants() -> None:
    bucket = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": "true"}}
    group = {"RetentionInDays": "30"}
    function = {"Environment": {"Variables": {"N": 1, "B": True}}}
    assert schemas.coerced(REGION, "AWS::S3::Bucket", bucket) == {
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}
    }
    assert schemas.coerced(REGION, "AWS::Logs::LogGroup", group) == {"RetentionInDays": 30}
    assert schemas.coerced(REGION, "AWS::Lambda::Function", function) == {
        "Environment": {"Variables": {"N": "1", "B": "true"}}
    }


def test_a_whole_number_stays_whole_where_any_number_may_stand() -> None:
    window = {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": "15"}}
    found = schemas.coerced(REGION, "AWS::Scheduler::Schedule", window)
    assert repr(found["FlexibleTimeWindow"]["MaximumWindowInMinutes"]) == "15"
    alarm = {"Threshold": "0.5", "Period": "300"}
    assert schemas.coerced(REGION, "AWS::CloudWatch::Alarm", alarm) == {
        "Threshold": 0.5,
        "Period": 300,
    }


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::S3::Bucket", "BucketName"),
        ("AWS::IAM::Role", "RoleName"),
        ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
        ("AWS::StepFunctions::StateMachine", "StateMachineName"),
        ("AWS::Events::Rule", "Name"),
        ("AWS::Lambda::Permission", None),
        ("AWS::S3::BucketPolicy", None),
    ],
)
def test_the_property_that_names_a_resource_is_known(kind: str, name: str | None) -> None:
    assert schemas.name_property(REGION, kind) == name
