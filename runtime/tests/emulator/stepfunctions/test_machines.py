"""State machines: created once, changed without touching what runs, refused by name."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Workbench

PASS: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
WAIT: dict[str, Any] = {
    "StartAt": "A",
    "States": {"A": {"Type": "Wait", "Seconds": 300, "End": True}},
}


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**request)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_the_same_machine_is_created_once_and_another_under_its_name_is_refused(
    bench: Workbench,
) -> None:
    request = {"name": f"m-{uuid.uuid4().hex}", "roleArn": bench.role}
    first = bench.sfn.create_state_machine(definition=json.dumps(PASS), **request)
    again = bench.sfn.create_state_machine(definition=json.dumps(PASS), **request)
    assert again["stateMachineArn"] == first["stateMachineArn"]
    assert again["creationDate"] == first["creationDate"]
    code, message = refused(bench.sfn.create_state_machine, definition=json.dumps(WAIT), **request)
    assert code == "StateMachineAlreadyExists"
    assert first["stateMachineArn"] in message


def test_a_wrong_definition_is_refused_with_every_problem_at_create_and_update(
    bench: Workbench,
) -> None:
    wrong = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Z", "Foo": 1}}}
    code, message = refused(
        bench.sfn.create_state_machine,
        name="wrong",
        definition=json.dumps(wrong),
        roleArn=bench.role,
    )
    assert code == "InvalidDefinition"
    assert "Missing 'Next' target: Z at /States/A/Next" in message
    assert "/States/A/Foo" in message
    machine = bench.machine(PASS)
    code, _ = refused(
        bench.sfn.update_state_machine, stateMachineArn=machine, definition=json.dumps(wrong)
    )
    assert code == "InvalidDefinition"
    shown = bench.sfn.describe_state_machine(stateMachineArn=machine)
    assert json.loads(shown["definition"]) == PASS


def test_a_definition_can_be_validated_without_creating_anything(bench: Workbench) -> None:
    right = bench.sfn.validate_state_machine_definition(definition=json.dumps(PASS))
    assert (right["result"], right["diagnostics"]) == ("OK", [])
    wrong = bench.sfn.validate_state_machine_definition(definition='{"StartAt": "A"}')
    assert wrong["result"] == "FAIL"
    assert wrong["diagnostics"][0]["severity"] == "ERROR"
    assert wrong["diagnostics"][0]["location"] == "/"


def test_running_executions_keep_the_definition_they_started_with(bench: Workbench) -> None:
    slow: dict[str, Any] = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Wait", "Seconds": 1, "Next": "B"},
            "B": {"Type": "Pass", "Result": "old", "End": True},
        },
    }
    machine = bench.machine(slow)
    running = bench.sfn.start_execution(stateMachineArn=machine)["executionArn"]
    new = json.dumps({**slow, "States": {**slow["States"], "B": {"Type": "Fail"}}})
    bench.sfn.update_state_machine(stateMachineArn=machine, definition=new)
    shown = bench.sfn.describe_state_machine_for_execution(executionArn=running)
    assert json.loads(shown["definition"]) == slow
    assert bench.finish(running)["output"] == '"old"'
    after = bench.sfn.start_execution(stateMachineArn=machine)["executionArn"]
    assert bench.finish(after)["status"] == "FAILED"


def test_deleting_a_machine_ends_its_executions(bench: Workbench) -> None:
    machine = bench.machine(WAIT, tags=[{"key": "a", "value": "b"}])
    bench.sfn.start_execution(stateMachineArn=machine)
    bench.sfn.delete_state_machine(stateMachineArn=machine)
    code, _ = refused(bench.sfn.describe_state_machine, stateMachineArn=machine)
    assert code == "StateMachineDoesNotExist"
    again = bench.machine(WAIT, name=machine.rpartition(":")[2])
    assert again == machine
    assert bench.sfn.list_executions(stateMachineArn=again)["executions"] == []
    assert bench.sfn.list_tags_for_resource(resourceArn=again)["tags"] == []


def test_machines_are_listed_and_tagged(bench: Workbench) -> None:
    machine = bench.machine(PASS, tags=[{"key": "project", "value": "x"}])
    pages = bench.sfn.get_paginator("list_state_machines").paginate()
    assert machine in [m["stateMachineArn"] for page in pages for m in page["stateMachines"]]
    bench.sfn.tag_resource(resourceArn=machine, tags=[{"key": "step", "value": "y"}])
    bench.sfn.untag_resource(resourceArn=machine, tagKeys=["project"])
    tags = bench.sfn.list_tags_for_resource(resourceArn=machine)["tags"]
    assert tags == [{"key": "step", "value": "y"}]


@pytest.mark.parametrize("name", ["x" * 81, "a b", "a*"])
def test_a_name_that_aws_would_refuse_is_refused(bench: Workbench, name: str) -> None:
    code, _ = refused(
        bench.sfn.create_state_machine,
        name=name,
        definition=json.dumps(PASS),
        roleArn=bench.role,
    )
    assert code in ("InvalidName", "ValidationException")


def test_a_role_that_step_functions_cannot_assume_is_refused(bench: Workbench) -> None:
    code, message = refused(
        bench.sfn.create_state_machine,
        name="roleless",
        definition=json.dumps(PASS),
        roleArn="arn:aws:iam::123456789012:role/nobody",
    )
    assert code == "AccessDeniedException"
    assert "role/nobody" in message


def test_a_role_of_a_real_account_is_taken_as_it_is(bench: Workbench) -> None:
    answer = bench.sfn.create_state_machine(
        name=f"m-{uuid.uuid4().hex}",
        definition=json.dumps(PASS),
        roleArn="arn:aws:iam::999999999999:role/theirs",
    )
    assert answer["stateMachineArn"]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"type": "EXPRESS"}, "state machine type EXPRESS"),
        ({"tracingConfiguration": {"enabled": True}}, "tracingConfiguration"),
        (
            {
                "encryptionConfiguration": {
                    "type": "CUSTOMER_MANAGED_KMS_KEY",
                    "kmsKeyId": "k",
                }
            },
            "encryptionConfiguration",
        ),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(
    bench: Workbench, options: dict[str, Any], what: str
) -> None:
    code, message = refused(
        bench.sfn.create_state_machine,
        name="refused",
        definition=json.dumps(PASS),
        roleArn=bench.role,
        **options,
    )
    assert code == "NotEmulated"
    assert what in message


def test_only_a_machine_that_is_there_has_tags(bench: Workbench) -> None:
    arn = bench.sfn.create_state_machine(
        name=f"m-{uuid.uuid4().hex}",
        roleArn=bench.role,
        definition=json.dumps(PASS),
        tags=[{"key": "team", "value": "a"}],
    )["stateMachineArn"]
    bench.sfn.tag_resource(resourceArn=arn, tags=[{"key": "purpose", "value": "b"}])
    tags = bench.sfn.list_tags_for_resource(resourceArn=arn)["tags"]
    assert {tag["key"]: tag["value"] for tag in tags} == {"team": "a", "purpose": "b"}
    bench.sfn.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert len(bench.sfn.list_tags_for_resource(resourceArn=arn)["tags"]) == 1
    calls: dict[str, dict[str, Any]] = {
        "tag_resource": {"tags": []},
        "untag_resource": {"tagKeys": []},
        "list_tags_for_resource": {},
    }
    for name, more in calls.items():
        code, _ = refused(getattr(bench.sfn, name), resourceArn=f"{arn}-x", **more)
        assert code == "ResourceNotFound"


@pytest.mark.parametrize("more", [{"publish": True}, {"versionDescription": "first"}])
def test_versions_are_refused_by_name(bench: Workbench, more: dict[str, Any]) -> None:
    code, message = refused(
        bench.sfn.create_state_machine,
        name=f"m-{uuid.uuid4().hex}",
        roleArn=bench.role,
        definition=json.dumps(PASS),
        **more,
    )
    assert code == "NotEmulated"
    assert next(iter(more)) in message
