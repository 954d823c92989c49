"""Processing jobs: what the API accepts, refuses, lists and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Jobs

    from batcat_runtime.emulator import LocalAws


def refusal(jobs: Jobs, **parameters: Any) -> tuple[str, str]:
    """Code and message of the error that a job with these parameters gets."""
    sagemaker = jobs.aws.client("sagemaker")
    with pytest.raises(sagemaker.exceptions.ClientError) as caught:
        jobs.start("", **parameters)
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_job_name_is_used_once(jobs: Jobs) -> None:
    """In AWS's words, which name the job that has it."""
    request = jobs.request("")
    name = jobs.create(request)
    exceptions = jobs.aws.client("sagemaker").exceptions
    with pytest.raises(exceptions.ResourceInUse) as caught:
        jobs.create(request)
    arn = jobs.describe(name)["ProcessingJobArn"]
    assert caught.value.response["Error"]["Message"] == (
        "Job name must be unique within an AWS account and region, and a job with this name "
        f"already exists ({arn})"
    )


def test_a_job_is_described_as_it_was_given(jobs: Jobs) -> None:
    """Also what one machine cannot honour: instance type, volume, network."""
    given = {
        "NetworkConfig": {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}},
        "Environment": {"COLOUR": "green"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        "ExperimentConfig": {"ExperimentName": "colours"},
    }
    job = jobs.run("", **given)
    assert {name: job[name] for name in given} == given
    assert job["ProcessingResources"] == jobs.cluster(1)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"ProcessingJobName": "under_score"}, "'processingJobName' failed to satisfy"),
        ({"ProcessingJobName": "x" * 64}, "length less than or equal to 63"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 777_601}}, "less than or equal to 777600"),
        ({"Environment": {"1X": "y"}}, "at 'environment' failed"),
        ({"RoleArn": "arn:aws:iam::123456789012:user/someone"}, "at 'roleArn' failed"),
    ],
)
def test_values_outside_the_models_limits_are_refused(
    jobs: Jobs, parameters: dict[str, Any], named: str
) -> None:
    """The message is AWS's: the value, where it is, and the constraint."""
    code, message = refusal(jobs, **parameters)
    assert code == "ValidationException"
    assert " detected: Value '" in message
    assert named in message


def test_an_unknown_instance_type_is_refused(jobs: Jobs) -> None:
    """By the model's own list, of which the nearest values are shown."""
    resources = jobs.cluster(1)
    resources["ClusterConfig"]["InstanceType"] = "ml.t3.midium"
    code, message = refusal(jobs, ProcessingResources=resources)
    assert code == "ValidationException"
    assert "Value 'ml.t3.midium' at 'processingResources.clusterConfig.instanceType'" in message
    assert "enum value set: [ml.t3.medium, " in message
    assert len(message) < 400


def test_a_role_that_does_not_exist_is_refused(jobs: Jobs, aws: LocalAws) -> None:
    """AWS tries to assume it when the job is created."""
    arn = f"arn:aws:iam::{aws.account}:role/nobody"
    code, message = refusal(jobs, RoleArn=arn)
    assert code == "ValidationException"
    assert message.startswith(f"Could not assume role {arn}.")


def test_a_role_that_trusts_another_service_is_refused(
    jobs: Jobs, role: Callable[[str], str]
) -> None:
    """The trust policy must name SageMaker."""
    code, message = refusal(jobs, RoleArn=role("lambda"))
    assert code == "ValidationException"
    assert "allows principal 'sagemaker.amazonaws.com' to assume the role" in message


def test_a_role_of_another_account_is_taken_as_it_is(jobs: Jobs) -> None:
    """An organisation's real role cannot be looked up here."""
    job = jobs.run("", RoleArn="arn:aws:iam::210987654321:role/data/Workflow")
    assert job["ProcessingJobStatus"] == "Completed"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"S3InputMode": "Pipe"}, "S3InputMode=Pipe"),
        ({"S3CompressionType": "Gzip"}, "S3CompressionType=Gzip"),
        ({"S3Uri": "https://bucket.s3.amazonaws.com/x"}, "https://bucket.s3.amazonaws.com/x"),
    ],
)
def test_inputs_that_are_not_emulated_are_refused_by_name(
    jobs: Jobs, change: dict[str, str], named: str
) -> None:
    """Instead of being read another way than asked for."""
    code, message = refusal(jobs, ProcessingInputs=[jobs.source("s3://bucket/x", **change)])
    assert code == "NotEmulated"
    assert named in message
    assert "not emulated by batcat local" in message


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        (
            {"ProcessingInputs": [{"InputName": "raw", "AppManaged": True}]},
            "ProcessingInputs.AppManaged=true",
        ),
        (
            {
                "ProcessingInputs": [
                    {"InputName": "raw", "DatasetDefinition": {"LocalPath": "/opt/ml/processing/x"}}
                ]
            },
            "ProcessingInputs.DatasetDefinition.LocalPath",
        ),
        (
            {
                "ProcessingOutputConfig": {
                    "Outputs": [
                        {"OutputName": "f", "FeatureStoreOutput": {"FeatureGroupName": "g"}}
                    ]
                }
            },
            "Outputs.FeatureStoreOutput",
        ),
        (
            {"NetworkConfig": {"EnableNetworkIsolation": True}},
            "NetworkConfig.EnableNetworkIsolation",
        ),
    ],
)
def test_parameters_that_are_not_emulated_are_refused_by_name(
    jobs: Jobs, parameters: dict[str, Any], named: str
) -> None:
    """Whatever would change the result and is not done."""
    code, message = refusal(jobs, **parameters)
    assert code == "NotEmulated"
    assert named in message


def test_a_uri_names_a_bucket(jobs: Jobs) -> None:
    """A name that no bucket can have is found before the job begins."""
    uri = "s3://Bad_Bucket!/o"
    for parameters in (
        {"ProcessingInputs": [jobs.source(uri)]},
        {"ProcessingOutputConfig": jobs.outputs(uri)},
    ):
        code, message = refusal(jobs, **parameters)
        assert code == "ValidationException"
        assert f"S3Uri {uri} of r" in message
        assert "'Bad_Bucket!' is not the name of a bucket" in message


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/tmp/raw", "must begin with /opt/ml/processing/"),  # noqa: S108 - refused, not used
        ("/opt/ml/processing/../config", "must not contain '..'"),
    ],
)
def test_local_paths_lie_below_processing(jobs: Jobs, path: str, named: str) -> None:
    """As the API reference demands."""
    code, message = refusal(jobs, ProcessingInputs=[jobs.source("s3://bucket/x", LocalPath=path)])
    assert code == "ValidationException"
    assert named in message


@pytest.mark.parametrize("path", ["input/raw", "input/raw/", "input//raw"])
def test_two_inputs_in_one_folder_are_refused(jobs: Jobs, path: str) -> None:
    """Their files would lie among each other, however the folder is written."""
    other = jobs.source("s3://bucket/y", "other", LocalPath=f"/opt/ml/processing/{path}")
    code, message = refusal(jobs, ProcessingInputs=[jobs.source("s3://bucket/x"), other])
    assert code == "ValidationException"
    assert "LocalPath /opt/ml/processing/input/raw is that of another input" in message


def test_a_job_nobody_made_is_not_found(aws: LocalAws) -> None:
    """In AWS's words."""
    sagemaker = aws.client("sagemaker")
    for call in (sagemaker.describe_processing_job, sagemaker.stop_processing_job):
        with pytest.raises(sagemaker.exceptions.ClientError, match="Could not find requested job"):
            call(ProcessingJobName="nobody")


def test_jobs_are_listed_filtered_sorted_and_paged(jobs: Jobs, aws: LocalAws) -> None:
    """By name, state and time; a page holds what was asked for."""
    sagemaker, mark = aws.client("sagemaker"), jobs.unique("Mark")
    made = []
    for letter, code in (("b", ""), ("a", "sys.exit(1)"), ("c", "")):
        request = jobs.request(code)
        request["ProcessingJobName"] = f"{mark}-{letter}"
        made.append(jobs.end(jobs.create(request)))

    def names(**query: Any) -> str:
        pages = sagemaker.get_paginator("list_processing_jobs").paginate(
            NameContains=mark, PaginationConfig={"PageSize": 2}, **query
        )
        found = pages.search("ProcessingJobSummaries[].ProcessingJobName")
        return "".join(name[-1] for name in found)

    assert names() == "bac"
    assert names(SortOrder="Descending") == "cab"
    assert names(SortBy="Name") == "abc"
    assert names(SortBy="Status") == "bca"
    assert names(StatusEquals="Failed") == "a"
    assert names(CreationTimeAfter=made[1]["CreationTime"]) == "ac"
    assert names(CreationTimeBefore=made[1]["CreationTime"]) == "ba"
    assert names(LastModifiedTimeAfter=made[2]["LastModifiedTime"]) == "c"


def test_jobs_live_in_their_region(jobs: Jobs, aws: LocalAws) -> None:
    """The same name in another region is another job."""
    request = jobs.request("")
    name = jobs.create(request)
    elsewhere = aws.client("sagemaker", region_name="eu-central-1")
    answer = elsewhere.create_processing_job(**request)
    assert ":eu-central-1:" in answer["ProcessingJobArn"]
    found = elsewhere.list_processing_jobs(NameContains=name)["ProcessingJobSummaries"]
    assert [job["ProcessingJobArn"] for job in found] == [answer["ProcessingJobArn"]]
    elsewhere.close()


def test_tags_are_kept(jobs: Jobs, aws: LocalAws) -> None:
    """Given at birth, added, replaced and removed."""
    sagemaker = aws.client("sagemaker")
    job = jobs.run("", Tags=[{"Key": "team", "Value": "blue"}])
    arn = job["ProcessingJobArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "cost", "Value": "1"}])
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "red"}])
    tags = sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "red"}, {"Key": "cost", "Value": "1"}]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["team", "unknown"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "cost", "Value": "1"}]


def test_a_job_that_has_ended_can_be_deleted(jobs: Jobs, aws: LocalAws) -> None:
    """A running one cannot."""
    sagemaker = aws.client("sagemaker")
    running = jobs.start("time.sleep(600)")
    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.delete_processing_job(ProcessingJobName=running)
    name = jobs.end(jobs.start(""))["ProcessingJobName"]
    sagemaker.delete_processing_job(ProcessingJobName=name)
    jobs.made.remove(name)
    with pytest.raises(sagemaker.exceptions.ClientError, match="Could not find"):
        jobs.describe(name)
