"""``batcat deploy --smoke`` and ``batcat rollback`` as a user runs them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import User


def client_of(user: User, service: str) -> Any:
    """A client of the local AWS that a user has exported."""
    import boto3

    aws = user.environment
    return boto3.client(
        service,
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
    )


def state_machine(user: User) -> Any:
    """The definition that is deployed."""
    client = client_of(user, "stepfunctions")
    (machine,) = client.list_state_machines()["stateMachines"]
    arn = machine["stateMachineArn"]
    return json.loads(client.describe_state_machine(stateMachineArn=arn)["definition"])


def spoil(user: User) -> None:
    """Let the last step name a script that is not there."""
    file = user.folder / "deploy" / "workflow.asl.json"
    text = file.read_text(encoding="utf-8")
    assert "script/forecast.py" in text
    file.write_text(text.replace("script/forecast.py", "script/forcast.py"), encoding="utf-8")


def change_unseen(user: User, deployed: dict[str, Any]) -> None:
    """Change the stack in another way than batcat's, of which there is no release."""
    given = {**deployed["parameters"], "MaxRuntimeInSeconds": "1234"}
    client = client_of(user, "cloudformation")
    client.update_stack(
        StackName=deployed["stack"],
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )
    client.get_waiter("stack_update_complete").wait(
        StackName=deployed["stack"], WaiterConfig={"Delay": 1}
    )


def forget_all_but(user: User, stack: str, release: str) -> None:
    """Take away the record of what was deployed after a release."""
    s3, bucket = client_of(user, "s3"), "batcat-artifacts-123456789012-us-east-1"
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{stack}/releases/")["Contents"]
    others = [one["Key"] for one in listed if release not in one["Key"]]
    assert others
    for key in others:
        s3.delete_object(Bucket=bucket, Key=key)


@pytest.fixture
def stack(user: User) -> User:
    """A user with nothing deployed."""
    assert user.batcat("down", "--yes", "--delete-data").code in {0, 2}
    return user


def test_a_deployment_that_fails_its_trial_run_is_taken_back(stack: User) -> None:
    good = stack.batcat("deploy", "--smoke", "--json")
    assert good.code == 0, good.err
    assert good.document["status"] == "DEPLOYED"
    change_unseen(stack, good.document)
    before = state_machine(stack)

    spoil(stack)
    bad = stack.batcat("deploy", "--smoke")
    assert bad.code == 1
    assert "The trial run failed: going back to what was before" in bad.out
    assert "is again as it was before" in bad.err
    assert state_machine(stack) == before
    assert "1234" in json.dumps(before)
    listed = stack.batcat("rollback", "--list", "--json").document
    assert [one["stands"] for one in listed["releases"]] == [False]


def test_a_trial_run_that_was_cut_off_is_made_again_and_then_taken_back(stack: User) -> None:
    """As when a pipeline's job is lost midway: nothing is to change, but nothing was tried."""
    assert stack.batcat("deploy", "--smoke").code == 0
    before = state_machine(stack)
    spoil(stack)
    plan = stack.batcat("deploy", "--dry-run", "--json").document
    release = stack.batcat("rollback", "--list", "--json").document["releases"][0]["release"]
    assert stack.batcat("deploy").code == 0  # found good, as nothing was to be tried
    forget_all_but(stack, plan["stack"], release)
    bad = stack.batcat("deploy", "--smoke")
    assert bad.code == 1
    assert "is again as it was before" in " ".join(bad.err.split())
    assert state_machine(stack) == before


def test_a_first_deployment_that_fails_its_trial_run_stays_to_be_looked_at(stack: User) -> None:
    spoil(stack)
    said = stack.batcat("deploy", "--smoke", "--json")
    assert said.code == 1
    assert "there is nothing to go back to" in said.document["error"]
    assert state_machine(stack)
    assert "No release" in stack.batcat("rollback", "--list").out


def test_a_release_that_turns_out_bad_is_rolled_back_by_hand(stack: User) -> None:
    assert stack.batcat("deploy").code == 0
    good = state_machine(stack)
    spoil(stack)
    assert stack.batcat("deploy").code == 0
    assert state_machine(stack) != good

    planned = stack.batcat("rollback", "--dry-run", "--json").document
    assert planned["status"] == "PLANNED", planned
    assert [change["logical"] for change in planned["changes"]] == ["StateMachine"]
    assert state_machine(stack) != good
    assert stack.batcat("rollback").code == 0
    assert state_machine(stack) == good


def test_input_without_a_trial_run_is_refused(user: User) -> None:
    said = user.batcat("deploy", "--input", "measurements.csv")
    assert said.code == 2
    assert "say --smoke, too" in said.err
