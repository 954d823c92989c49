"""Planning, applying and taking away, against the local AWS."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from batcat_runtime import aws
from batcat_runtime.deploy import apply, artifacts, discard, make_plan, plan_removal, remove
from batcat_runtime.deploy.artifacts import Account, bucket_exists, ensure_bucket
from batcat_runtime.deploy.change_sets import LONGEST_BODY
from batcat_runtime.deploy.stack import deployed_stack, find_stack
from batcat_runtime.errors import AccessError, ConfigError, DeployError, MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batcat_runtime.deploy import Project
    from batcat_runtime.emulator import LocalAws


@pytest.fixture
def clean(project: Project) -> Iterator[Project]:
    """The sample project with nothing deployed, before and after."""
    for _ in range(2):
        for _event in remove(plan_removal(project, delete_data=True)):
            pass
        if find_stack(project.stack, project.region) is None:
            break
    yield project
    for _event in remove(plan_removal(project, delete_data=True)):
        pass


def deploy(project: Project) -> list[str]:
    """Deploy; returns the statuses of the stack's events."""
    return [event.status for event in apply(make_plan(project))]


def test_a_plan_shows_what_would_be_added_and_changes_nothing_when_discarded(
    clean: Project,
) -> None:
    plan = make_plan(clean)
    assert {change.action for change in plan.changes} == {"added"}
    assert "StateMachine" in {change.logical for change in plan.changes}
    assert plan.is_new
    discard(plan)
    assert find_stack(clean.stack, clean.region) is None


def test_a_deployment_tells_its_events_and_ends_with_its_outputs(clean: Project) -> None:
    statuses = deploy(clean)
    assert statuses[-1] == "CREATE_COMPLETE"
    outputs = deployed_stack(clean).outputs
    assert outputs["StateMachineArn"].endswith(":stateMachine:WORKFLOW-2026-DEMO-RAIN-FORECAST")
    assert outputs["ResultBucketName"] == clean.result_s3_bucket


def test_deploying_again_finds_nothing_to_change(deployed: Project) -> None:
    plan = make_plan(deployed)
    assert plan.is_empty
    assert list(apply(plan)) == []


def test_a_changed_value_is_planned_as_a_change_of_what_it_reaches(deployed: Project) -> None:
    plan = make_plan(replace(deployed, max_runtime_seconds=60))
    assert [(change.action, change.logical) for change in plan.changes] == [
        ("changed", "StateMachine")
    ]
    discard(plan)
    assert make_plan(deployed).is_empty


def test_only_what_changed_is_uploaded(deployed: Project) -> None:
    s3 = aws.client("s3", deployed.region)
    bucket = f"batcat-artifacts-123456789012-{deployed.region}"

    def keys() -> set[str]:
        return {one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]}

    before = keys()
    definition = deployed.root / "deploy" / "workflow.asl.json"
    text = definition.read_text(encoding="utf-8").replace("Each step is", "Every step is")
    definition.write_text(text, encoding="utf-8")
    discard(make_plan(deployed))
    assert [key.rpartition(".")[2] for key in keys() - before] == ["json"]


def test_the_bucket_of_artifacts_is_encrypted_and_closed(deployed: Project) -> None:
    s3 = aws.client("s3", deployed.region)
    bucket = f"batcat-artifacts-123456789012-{deployed.region}"
    closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (statement["Sid"], statement["Effect"]) == ("OnlyTls", "Deny")
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_a_bucket_of_artifacts_that_was_not_set_up_to_its_end_is_the_next_time(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    del project
    elsewhere = Account("123456789012", "eu-central-1")

    def interrupted(*_: object) -> dict[str, object]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(artifacts, "only_tls", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ensure_bucket(elsewhere)
    assert bucket_exists(elsewhere.artifact_bucket, elsewhere)
    bucket = ensure_bucket(elsewhere)
    s3 = aws.client("s3", elsewhere.region)
    assert "SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket(Bucket=bucket)


def test_a_bucket_that_exists_already_is_used_and_not_made(clean: Project) -> None:
    ours = replace(clean, result_s3_bucket="rain-of-everybody")
    s3 = aws.client("s3", clean.region)
    s3.create_bucket(Bucket=ours.result_s3_bucket)
    plan = make_plan(ours)
    assert plan.parameters["CreateResultBucket"] == "false"
    assert "Bucket" not in {change.logical for change in plan.changes}
    discard(plan)
    s3.delete_bucket(Bucket=ours.result_s3_bucket)


def test_a_bucket_that_the_stack_made_stays_the_stacks(deployed: Project) -> None:
    assert make_plan(deployed).parameters["CreateResultBucket"] == "true"


def test_an_environment_of_another_account_is_refused(project: Project) -> None:
    with pytest.raises(AccessError, match="belong to account 123456789012, but environment local"):
        make_plan(replace(project, account="999999999999"))


def test_a_region_of_another_partition_is_refused(project: Project) -> None:
    with pytest.raises(ConfigError, match="cn-north-1 is in partition aws-cn, not in aws"):
        make_plan(replace(project, region="cn-north-1"))


def test_a_template_that_aws_would_refuse_is_refused_with_its_reason(clean: Project) -> None:
    text = clean.template.read_text(encoding="utf-8")
    clean.template.write_text(text.replace("Timeout: 30", "Timeuot: 30"), encoding="utf-8")
    with pytest.raises(DeployError, match=r"Timeuot.*\(at [\w/]+\)"):
        make_plan(clean)


def test_a_deployment_that_fails_names_the_resource_and_leaves_everything_as_it_was(
    clean: Project, account: LocalAws
) -> None:
    """And the remains of it are cleared away by the next plan, not by a dry run."""
    name = "/aws/vendedlogs/states/WORKFLOW-2026-DEMO-RAIN-FORECAST"
    logs = account.client("logs")
    logs.create_log_group(logGroupName=name)
    with pytest.raises(DeployError, match=r"StateMachineLogGroup .*What to try: another stack or"):
        deploy(clean)
    logs.delete_log_group(logGroupName=name)
    stack = find_stack(clean.stack, clean.region)
    assert stack is not None
    assert stack.status == "ROLLBACK_COMPLETE"
    with pytest.raises(DeployError, match="left over from a creation that failed"):
        make_plan(clean, clean_up=False)
    assert deploy(clean)[-1] == "CREATE_COMPLETE"


def test_a_workflow_that_is_refused_names_its_own_file(clean: Project) -> None:
    file = clean.root / "deploy" / "workflow.asl.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"Type": "Pass"', '"Type": "Pas"'), encoding="utf-8")
    with pytest.raises(
        DeployError, match=r"Type must be.*correct deploy/workflow\.asl\.json or deploy/t"
    ):
        deploy(clean)


def test_a_plan_that_was_never_applied_does_not_stand_in_the_way(clean: Project) -> None:
    first = make_plan(clean)
    assert first.made_review
    second = make_plan(clean)
    assert second.is_new
    assert not second.made_review
    assert [event.status for event in apply(second)][-1] == "CREATE_COMPLETE"


def test_a_template_too_large_for_a_request_is_deployed_all_the_same(deployed: Project) -> None:
    text = deployed.template.read_text(encoding="utf-8")
    padding = f"Metadata:\n  Padding: {'x' * LONGEST_BODY}\n"
    deployed.template.write_text(f"{text}\n{padding}", encoding="utf-8")
    plan = make_plan(replace(deployed, max_runtime_seconds=60))
    assert [change.logical for change in plan.changes] == ["StateMachine"]
    discard(plan)


def test_what_is_not_deployed_says_the_command_that_deploys_it(clean: Project) -> None:
    with pytest.raises(MissingError, match=r"does not exist .*run: batcat deploy$"):
        deployed_stack(clean)


def test_taking_down_keeps_the_data(deployed: Project) -> None:
    s3 = aws.client("s3", deployed.region)
    kept = {"Bucket": deployed.result_s3_bucket, "Key": "forecast/input/rain.csv"}
    s3.put_object(**kept, Body=b"day,millimetres\n")
    plan = plan_removal(deployed)
    assert plan.has_data
    assert [event.status for event in remove(plan)][-1] == "DELETE_COMPLETE"
    assert find_stack(deployed.stack, deployed.region) is None
    assert s3.get_object(**kept)["Body"].read() == b"day,millimetres\n"
    again = make_plan(deployed)
    assert again.parameters["CreateResultBucket"] == "false"
    discard(again)


def test_taking_down_with_the_data_leaves_nothing_of_the_project(deployed: Project) -> None:
    s3 = aws.client("s3", deployed.region)
    s3.put_object(Bucket=deployed.result_s3_bucket, Key="forecast/input/x", Body=b"")
    for _ in remove(plan_removal(deployed, delete_data=True)):
        pass
    assert not s3.list_objects_v2(
        Bucket=f"batcat-artifacts-123456789012-{deployed.region}", Prefix=f"{deployed.stack}/"
    ).get("Contents")
    assert plan_removal(deployed, delete_data=True).has_data is False


def test_a_plan_that_another_deployment_overtook_says_so(deployed: Project) -> None:
    """Executing one change set deletes the others, in AWS as here."""
    mine = make_plan(replace(deployed, max_runtime_seconds=71))
    theirs = make_plan(replace(deployed, max_runtime_seconds=72))
    for _ in apply(theirs):
        pass
    with pytest.raises(DeployError, match=r"another deployment of stack .* has just begun"):
        list(apply(mine))
