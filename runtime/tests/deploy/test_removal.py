"""Taking a project down: all of it, again after a failure, and the proof that nothing is left.

ECR and the index of tags are answered by this file, in the form of their APIs.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime import aws
from batcat_runtime.deploy import Run, apply, artifacts, make_plan, plan_removal, prepare, remove
from batcat_runtime.deploy.left import Proof, prove
from batcat_runtime.errors import AccessError

from .answering import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batcat_runtime.deploy import Project
    from batcat_runtime.deploy.holdings import Holding
    from batcat_runtime.emulator import LocalAws

    from .answering import Answering

JOBS = "/aws/sagemaker/ProcessingJobs"
RUN = "2026-demo-rain-forecast-20261121101010"
REPOSITORY = "arn:aws:ecr:us-east-1:123456789012:repository/2026-demo-rain-forecast"
TAGS = {"project": "2026-demo-rain", "purpose": "forecast", "environment": "local"}


def take_down(project: Project, *, delete_data: bool = False) -> None:
    for _ in remove(plan_removal(project, delete_data=delete_data)):
        pass


def proof_of(project: Project, *, keeps_data: bool = False, seconds: float = 0) -> Proof:
    account = artifacts.account_of(project)
    return prove(project, account, keeps_data=keeps_data, seconds=seconds)


def clear(project: Project) -> None:
    """Leave not even a bucket that an earlier test no longer owns."""
    take_down(project, delete_data=True)
    if artifacts.bucket_exists(project.result_s3_bucket, artifacts.account_of(project)):
        aws.client("s3", project.region).delete_bucket(Bucket=project.result_s3_bucket)


@pytest.fixture
def up(project: Project) -> Iterator[Project]:
    """The sample project, deployed and taken away again."""
    clear(project)
    for _ in apply(make_plan(project)):
        pass
    yield project
    clear(project)


def kinds(found: tuple[Holding, ...]) -> set[str]:
    return {one.kind for one in found}


def test_what_takes_up_room_is_shown_with_its_size(up: Project) -> None:
    with closing(Run(prepare(up))) as run:
        run.upload()
        run.start()
        for _ in run.follow():
            pass
    plan = plan_removal(up)
    assert {"data", "artifacts", "logs"} <= kinds(plan.holdings)
    (data,) = [one for one in plan.holdings if one.is_data]
    assert data.where == f"s3://{up.result_s3_bucket}/forecast/"
    assert data.count > 0
    assert data.size > 0
    assert data not in plan.removed
    assert data in plan_removal(up, delete_data=True).removed


def test_nothing_is_left_and_what_is_kept_is_said_to_be(up: Project) -> None:
    s3 = aws.client("s3", up.region)
    s3.put_object(Bucket=up.result_s3_bucket, Key="forecast/input/rain.csv", Body=b"1")
    before = proof_of(up, keeps_data=True)
    assert not before.is_clean
    assert any(one.what == f"stack {up.stack}" and one.mend == "batcat down" for one in before.left)
    take_down(up)
    kept = proof_of(up, keeps_data=True)
    assert kept.is_clean
    assert any(one.what.endswith("/forecast/: 1 object, 1 bytes") for one in kept.left)
    assert not proof_of(up).is_clean
    take_down(up, delete_data=True)
    assert proof_of(up) == Proof((), ())


def test_every_version_and_every_part_of_an_upload_goes(up: Project) -> None:
    bucket = {"Bucket": up.result_s3_bucket}
    s3 = aws.client("s3", up.region)
    s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(**bucket, Key="forecast/input/rain.csv", Body=body)
    s3.delete_object(**bucket, Key="forecast/input/rain.csv")
    s3.create_multipart_upload(**bucket, Key="forecast/input/large.csv")
    (data,) = [one for one in plan_removal(up).holdings if one.is_data]
    assert (data.count, data.size) == (4, 2)
    take_down(up, delete_data=True)
    assert proof_of(up) == Proof((), ())
    assert not artifacts.bucket_exists(up.result_s3_bucket, artifacts.account_of(up))


def test_it_goes_on_where_it_was_interrupted(up: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack is gone by then, so the bucket it made is known by its tags."""
    bucket = {"Bucket": up.result_s3_bucket}
    s3 = aws.client("s3", up.region)
    s3.put_object(**bucket, Key="forecast/input/rain.csv", Body=b"1")
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    s3.put_bucket_tagging(**bucket, Tagging={"TagSet": tags})

    def fail(*_: Any) -> None:
        raise AccessError("the network is gone")

    with monkeypatch.context() as broken:
        broken.setattr(artifacts, "remove", fail)
        with pytest.raises(AccessError, match="the network is gone"):
            take_down(up, delete_data=True)
    assert not proof_of(up).is_clean
    again = plan_removal(up, delete_data=True)
    assert (again.stack, again.is_empty, again.owns_bucket) == ("", False, True)
    take_down(up, delete_data=True)
    assert proof_of(up) == Proof((), ())
    assert not artifacts.bucket_exists(up.result_s3_bucket, artifacts.account_of(up))
    assert plan_removal(up, delete_data=True).is_empty


def test_logs_that_services_made_go_and_those_of_a_neighbour_stay(
    up: Project, account: LocalAws
) -> None:
    logs = account.client("logs")
    take_down(up)
    group = "/aws/lambda/2026-demo-rain-forecast-trigger"
    logs.create_log_group(logGroupName=group)
    neighbour = f"{group}-of-another"
    logs.create_log_group(logGroupName=neighbour)
    ours = f"{RUN}-clean/algo-1-1"
    theirs = "2026-demo-rain-forecast-daily-20261121101010-clean/algo-1-1"
    if not logs.describe_log_groups(logGroupNamePrefix=JOBS)["logGroups"]:
        logs.create_log_group(logGroupName=JOBS)
    for name in (ours, theirs):
        logs.create_log_stream(logGroupName=JOBS, logStreamName=name)
    left = {one.what for one in proof_of(up).left}
    assert f"logs in {group}: 1 group" in left
    take_down(up)
    assert proof_of(up) == Proof((), ())
    streams = logs.describe_log_streams(logGroupName=JOBS)["logStreams"]
    names = [one["logStreamName"] for one in streams]
    assert (theirs in names, ours in names) == (True, False)
    assert logs.describe_log_groups(logGroupNamePrefix=neighbour)["logGroups"]
    logs.delete_log_group(logGroupName=neighbour)
    logs.delete_log_stream(logGroupName=JOBS, logStreamName=theirs)


class Index:
    """The index of tags: what it names, look by look; the last answer stays."""

    def __init__(self, *looks: list[str]) -> None:
        self.looks = list(looks)
        self.filters: Any = None

    def get_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetResources."""
        self.filters = request["TagFilters"]
        arns = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        found = [{"ResourceARN": arn, "Tags": []} for arn in arns]
        return {"ResourceTagMappingList": found, "PaginationToken": ""}


@pytest.fixture
def tagging(monkeypatch: pytest.MonkeyPatch, project: Project, answering: Answering) -> Answering:
    """The index of tags, answered by the test; nothing is deployed."""
    clear(project)
    monkeypatch.setenv("AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API", answering.url)
    return answering


def test_the_index_of_tags_may_lag_behind(project: Project, tagging: Answering) -> None:
    queue = "arn:aws:sqs:us-east-1:123456789012:letters"
    index = Index([queue], [queue], [])
    tagging.answers["GetResources"] = index.get_resources
    assert proof_of(project, seconds=30) == Proof((), ())
    assert {one["Key"]: one["Values"] for one in index.filters} == {
        key: [value] for key, value in TAGS.items()
    }


@pytest.mark.parametrize(
    ("resource", "physical"),
    [
        ("sns:us-east-1:123456789012:failures", "arn:aws:sns:us-east-1:123456789012:failures"),
        (
            "sqs:us-east-1:123456789012:letters",
            "https://sqs.us-east-1.amazonaws.com/123456789012/letters",
        ),
        ("logs:us-east-1:123456789012:log-group:/aws/lambda/rain:*", "/aws/lambda/rain"),
        ("lambda:us-east-1:123456789012:function:rain", "rain"),
        ("ecr:us-east-1:123456789012:repository/rain", "rain"),
    ],
)
def test_what_cloudformation_has_deleted_is_gone_whatever_the_index_says(
    project: Project, tagging: Answering, resource: str, physical: str
) -> None:
    tagging.answers["GetResources"] = Index([f"arn:aws:{resource}"]).get_resources
    account = artifacts.account_of(project)

    def is_clean(gone: str) -> bool:
        return prove(project, account, keeps_data=False, gone=[gone], seconds=0).is_clean

    assert is_clean(physical)
    assert not is_clean("drain")


def test_what_carries_the_tags_in_the_end_is_left(project: Project, tagging: Answering) -> None:
    queue = "arn:aws:sqs:us-east-1:123456789012:letters"
    job = f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{RUN}-clean"
    tagging.answers["GetResources"] = Index([queue, job]).get_resources
    proof = proof_of(project, seconds=0.2)
    assert [one.what for one in proof.left] == [queue]
    assert not proof.is_clean


def test_a_bucket_of_data_that_carries_the_tags_is_kept_on_purpose(
    project: Project, tagging: Answering, account: LocalAws
) -> None:
    bucket = {"Bucket": project.result_s3_bucket}
    account.client("s3").create_bucket(**bucket)
    arn = f"arn:aws:s3:::{project.result_s3_bucket}"
    tagging.answers["GetResources"] = Index([arn]).get_resources
    assert proof_of(project, keeps_data=True).is_clean
    assert not proof_of(project).is_clean
    account.client("s3").delete_bucket(**bucket)
    assert proof_of(project).is_clean


def test_who_may_not_look_has_no_proof(project: Project, tagging: Answering) -> None:
    def refuse(_: dict[str, Any]) -> Any:
        raise Refusal("AccessDeniedException", "not authorized to perform: tag:GetResources")

    tagging.answers["GetResources"] = refuse
    proof = proof_of(project)
    assert not proof.is_clean
    (text,) = proof.unseen
    assert "tag:GetResources" in text


class Registry:
    """ECR with one repository."""

    def __init__(self, answering: Answering, tags: dict[str, str]) -> None:
        self.images = ["sha256:1", "sha256:2"]
        self.exists = True
        self.tags = tags
        answering.answers |= {
            "DescribeRepositories": self.describe_repositories,
            "DescribeImages": self.describe_images,
            "ListTagsForResource": self.list_tags,
            "ListImages": self.list_images,
            "BatchDeleteImage": self.batch_delete_image,
            "DeleteRepository": self.delete_repository,
        }

    def _check(self) -> None:
        if not self.exists:
            raise Refusal("RepositoryNotFoundException", "it does not exist")

    def describe_repositories(self, _: dict[str, Any]) -> dict[str, Any]:
        """DescribeRepositories."""
        self._check()
        return {"repositories": [{"repositoryArn": REPOSITORY}]}

    def describe_images(self, _: dict[str, Any]) -> dict[str, Any]:
        """DescribeImages."""
        self._check()
        return {
            "imageDetails": [{"imageDigest": one, "imageSizeInBytes": 500} for one in self.images]
        }

    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListTagsForResource."""
        assert request["resourceArn"] == REPOSITORY
        return {"tags": [{"Key": key, "Value": value} for key, value in self.tags.items()]}

    def list_images(self, _: dict[str, Any]) -> dict[str, Any]:
        """ListImages: a row for each tag."""
        self._check()
        rows = [{"imageDigest": one, "imageTag": tag} for one in self.images for tag in "ab"]
        return {"imageIds": rows}

    def batch_delete_image(self, request: dict[str, Any]) -> dict[str, Any]:
        """BatchDeleteImage."""
        gone = [one["imageDigest"] for one in request["imageIds"]]
        assert len(gone) == len(set(gone))
        self.images = [one for one in self.images if one not in gone]
        return {"imageIds": request["imageIds"], "failures": []}

    def delete_repository(self, _: dict[str, Any]) -> dict[str, Any]:
        """DeleteRepository."""
        self._check()
        assert not self.images
        self.exists = False
        return {"repository": {}}


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch, project: Project, answering: Answering) -> Answering:
    """ECR, answered by the test; nothing is deployed."""
    clear(project)
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", answering.url)
    return answering


def test_the_images_and_the_repository_that_pushing_made_go(
    project: Project, ecr: Answering
) -> None:
    registry = Registry(ecr, TAGS)
    (images,) = plan_removal(project).holdings
    assert (images.kind, images.count, images.size) == ("images", 2, 1000)
    take_down(project)
    assert not registry.exists
    assert proof_of(project) == Proof((), ())


def test_a_repository_of_somebody_else_stays_and_is_told(project: Project, ecr: Answering) -> None:
    registry = Registry(ecr, {**TAGS, "project": "2026-other"})
    plan = plan_removal(project)
    assert (plan.removed, plan.is_empty) == ((), True)
    take_down(project)
    assert registry.images
    assert not proof_of(project).is_clean


def test_a_job_that_still_runs_is_left(project: Project, account: LocalAws) -> None:
    take_down(project, delete_data=True)
    for _ in apply(make_plan(project)):
        pass
    (project.root / "data" / "raw" / "fault").write_text("hang", encoding="utf-8")
    with closing(Run(prepare(project))) as run:
        run.upload()
        run.start()
        for event in run.follow():
            if (
                getattr(event, "job", "")
                and account.client("sagemaker").list_processing_jobs(StatusEquals="InProgress")[
                    "ProcessingJobSummaries"
                ]
            ):
                break
        left = [one for one in proof_of(project).left if "which runs" in one.what]
        assert len(left) == 1
        assert "stop-processing-job" in left[0].mend
        take_down(project, delete_data=True)
    assert proof_of(project) == Proof((), ())
