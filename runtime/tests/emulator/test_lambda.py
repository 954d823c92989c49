"""Lambda: functions whose code really runs."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Store

    from batcat_runtime.emulator import LocalAws

HANDLER = "import json, logging, os, sys, time\ndef handler(event, context):\n"


def zipped(code: str, name: str = "app.py") -> bytes:
    """A deployment package of one module."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, code)
    return buffer.getvalue()


def handler(lines: str) -> str:
    """A module whose handler does this."""
    return HANDLER + "".join(f"    {line}\n" for line in dedent(lines).strip().splitlines())


class Functions:
    """Makes functions and calls them."""

    def __init__(self, aws: LocalAws, role: str, unique: Callable[[str], str]) -> None:
        self.aws, self.role, self.unique = aws, role, unique
        self.client = aws.client("lambda")

    def make(self, code: str, **parameters: Any) -> str:
        """Create a function; returns its name."""
        name = self.unique("function")
        self.client.create_function(
            **{
                "FunctionName": name,
                "Runtime": "python3.12",
                "Role": self.role,
                "Handler": "app.handler",
                "Code": {"ZipFile": zipped(code)},
                **parameters,
            }
        )
        return name

    def call(self, name: str, event: Any = None, **parameters: Any) -> tuple[Any, str | None]:
        """Invoke; returns the parsed payload and FunctionError."""
        payload = json.dumps(event if event is not None else {})
        answer = self.client.invoke(FunctionName=name, Payload=payload, **parameters)
        return json.loads(answer["Payload"].read() or "null"), answer.get("FunctionError")

    def lines(self, name: str) -> list[str]:
        """Every line the function has logged."""
        logs, group = self.aws.client("logs"), f"/aws/lambda/{name}"
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            return list(pages.search("events[].message"))
        except logs.exceptions.ResourceNotFoundException:
            return []


@pytest.fixture
def functions(aws: LocalAws, role: Callable[[str], str], unique: Callable[[str], str]) -> Functions:
    """Functions with a role that Lambda may assume."""
    return Functions(aws, role("lambda"), unique)


def test_a_function_gets_the_event_and_gives_its_answer(functions: Functions) -> None:
    """Any JSON there and back."""
    name = functions.make(handler("return {'got': event, 'é': None}"))
    assert functions.call(name, {"a": [1, 2.5, "x"]}) == (
        {"got": {"a": [1, 2.5, "x"]}, "é": None},
        None,
    )


def test_the_context_is_that_of_aws(functions: Functions, aws: LocalAws) -> None:
    """Names, limits, request id, remaining time, client context."""
    name = functions.make(
        handler(
            """
            left = context.get_remaining_time_in_millis()
            return [context.function_name, context.function_version, context.memory_limit_in_mb,
                    context.invoked_function_arn, len(context.aws_request_id), 1000 < left <= 5000,
                    context.log_group_name, context.client_context]
            """
        ),
        Timeout=5,
        MemorySize=256,
    )
    client_context = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    answer, _ = functions.call(name, ClientContext=client_context)
    assert answer == [
        name,
        "$LATEST",
        "256",
        f"arn:aws:lambda:us-east-1:{aws.account}:function:{name}",
        36,
        True,
        f"/aws/lambda/{name}",
        {"custom": {"a": "b"}},
    ]


def test_a_function_has_its_own_environment(functions: Functions) -> None:
    """Its variables, Lambda's own, and nothing of the machine's."""
    name = functions.make(
        handler("return dict(os.environ)"), Environment={"Variables": {"COLOUR": "green"}}
    )
    found, _ = functions.call(name)
    assert found["COLOUR"] == "green"
    assert found["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert found["_HANDLER"] == "app.handler"
    assert found["AWS_REGION"] == "us-east-1"
    assert "PYTEST_CURRENT_TEST" not in found
    assert "VIRTUAL_ENV" not in found


def test_a_function_reaches_the_local_aws(functions: Functions, aws: LocalAws) -> None:
    """Boto3 without an argument talks to the same server."""
    code = "import boto3\n" + handler("return boto3.client('sts').get_caller_identity()['Account']")
    assert functions.call(functions.make(code, Timeout=20)) == (aws.account, None)


def test_an_exception_is_the_answer(functions: Functions) -> None:
    """Type, message and trace, as the Python runtime gives them."""
    name = functions.make(handler("raise ValueError('no bucket')"))
    answer, error = functions.call(name)
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "no bucket")
    assert (
        'line 3, in handler\n    raise ValueError("no bucket")'.replace('"', "'")
        in (answer["stackTrace"][0])
    )


@pytest.mark.parametrize(
    ("code", "name", "kind", "message"),
    [
        (
            "import no_such_module\n",
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'no_such_module'",
        ),
        (
            "def other(): ...\n",
            "app.handler",
            "Runtime.HandlerNotFound",
            "Handler 'handler' missing on module 'app'",
        ),
        ("x = (\n", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("", "app", "Runtime.MalformedHandlerName", "Bad handler 'app'"),
        (
            handler("return {1, 2}"),
            "app.handler",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
        (handler("os._exit(3)"), "app.handler", "Runtime.ExitError", "Error: Runtime exited with"),
    ],
)
def test_mistakes_have_the_runtimes_own_names(
    functions: Functions, code: str, name: str, kind: str, message: str
) -> None:
    """So that they can be looked up."""
    answer, error = functions.call(functions.make(code, Handler=name))
    assert error == "Unhandled"
    assert answer["errorType"] == kind
    assert message in answer["errorMessage"]


def test_a_function_that_takes_too_long_is_ended(functions: Functions) -> None:
    """After its Timeout, with the message AWS gives."""
    name = functions.make(handler("time.sleep(600)"), Timeout=1)
    answer, error = functions.call(name)
    assert error == "Unhandled"
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")


def test_importing_does_not_count_for_the_timeout(functions: Functions) -> None:
    """The init phase has a limit of its own."""
    code = "import time\ntime.sleep(1.5)\n" + handler("return 'done'")
    assert functions.call(functions.make(code, Timeout=1)) == ("done", None)


def test_logs_have_start_end_and_report(functions: Functions) -> None:
    """Around what the function prints and logs."""
    name = functions.make(
        handler("print('printed'); logging.getLogger().warning('logged'); return 1")
    )
    functions.call(name)
    lines = functions.lines(name)
    words = [line.split()[0] for line in lines]
    assert words == ["START", "printed", "[WARNING]", "END", "REPORT"]
    assert lines[2].endswith("\tlogged")
    assert "Timeout" not in lines[4]
    assert "Memory Size: 128 MB" in lines[4]


def test_the_logs_tail_comes_with_the_answer(functions: Functions) -> None:
    """LogType=Tail gives the last 4 KB."""
    name = functions.make(handler("print('x' * 5000); print('last')"))
    answer = functions.client.invoke(FunctionName=name, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"])
    assert len(tail) == 4096
    assert b"\nlast\nEND RequestId" in tail


def test_an_event_invocation_is_answered_before_it_runs(functions: Functions, until: Any) -> None:
    """Status 202; the function runs behind it."""
    name = functions.make(handler("print('ran', event['a'])"))
    answer = functions.client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    assert answer["StatusCode"] == 202
    until(lambda: "ran 1" in functions.lines(name), "the function to run")


def test_a_dry_run_runs_nothing(functions: Functions) -> None:
    """Status 204 and no log group."""
    name = functions.make(handler("print('ran')"))
    answer = functions.client.invoke(FunctionName=name, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert functions.lines(name) == []


def test_a_payload_that_is_no_json_is_refused(functions: Functions) -> None:
    """Before anything runs."""
    name = functions.make(handler("return 1"))
    with pytest.raises(functions.client.exceptions.InvalidRequestContentException):
        functions.client.invoke(FunctionName=name, Payload=b"{")


def test_code_can_come_from_s3(functions: Functions, store: Store) -> None:
    """And a key that is not there is an error that names it."""
    package = zipped(handler("return 's3'"))
    store.s3.put_object(Bucket=store.bucket, Key="code.zip", Body=package)
    name = functions.make("", Code={"S3Bucket": store.bucket, "S3Key": "code.zip"})
    assert functions.call(name) == ("s3", None)
    exceptions = functions.client.exceptions
    with pytest.raises(exceptions.InvalidParameterValueException, match="NoSuchKey"):
        functions.make("", Code={"S3Bucket": store.bucket, "S3Key": "other.zip"})


def test_code_and_configuration_can_be_replaced(functions: Functions) -> None:
    """What is not given stays; the hash and the revision change."""
    client = functions.client
    name = functions.make(handler("return 1"), Description="first", Timeout=7)
    before = client.get_function_configuration(FunctionName=name)
    client.update_function_code(FunctionName=name, ZipFile=zipped(handler("return 2")))
    client.update_function_configuration(FunctionName=name, Description="second")
    after = client.get_function(FunctionName=name)["Configuration"]
    assert functions.call(name) == (2, None)
    assert (after["Description"], after["Timeout"]) == ("second", 7)
    assert after["CodeSha256"] != before["CodeSha256"]
    with pytest.raises(client.exceptions.PreconditionFailedException):
        client.update_function_configuration(
            FunctionName=name, Timeout=1, RevisionId=before["RevisionId"]
        )


def test_functions_are_found_by_name_or_arn_and_can_be_deleted(
    functions: Functions, aws: LocalAws
) -> None:
    """A deleted one is not found, in AWS's words."""
    client, name = functions.client, functions.make(handler("return 1"))
    arn = client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    for spelling in (arn, f"{aws.account}:function:{name}", f"{arn}:$LATEST"):
        assert functions.call(spelling) == (1, None)
    pages = client.get_paginator("list_functions").paginate()
    assert name in pages.search("Functions[].FunctionName")
    client.delete_function(FunctionName=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Function not found"):
        client.get_function(FunctionName=name)


def test_a_functions_name_is_used_once(functions: Functions) -> None:
    """ResourceConflictException, as in AWS."""
    name = functions.make("")
    with pytest.raises(functions.client.exceptions.ResourceConflictException):
        functions.make("", FunctionName=name)


def test_permissions_become_a_policy(functions: Functions) -> None:
    """One statement each, with its conditions; a second of the same id is refused."""
    client, name = functions.client, functions.make("")
    source = "arn:aws:events:us-east-1:123456789012:rule/daily"
    permission = {
        "FunctionName": name,
        "StatementId": "daily",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": source,
    }
    client.add_permission(**permission)
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.add_permission(**permission)
    (statement,) = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": source}}
    client.remove_permission(FunctionName=name, StatementId="daily")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=name)


def test_functions_are_tagged(functions: Functions) -> None:
    """Given at birth, added and removed."""
    client, name = functions.client, functions.make("", Tags={"team": "blue"})
    arn = client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    client.tag_resource(Resource=arn, Tags={"cost": "1"})
    client.untag_resource(Resource=arn, TagKeys=["team"])
    assert client.list_tags(Resource=arn)["Tags"] == {"cost": "1"}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"PackageType": "Image", "Code": {"ImageUri": "x"}}, "PackageType Image"),
        ({"Runtime": "nodejs22.x"}, "Runtime nodejs22.x"),
        ({"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"]}, "Layers"),
        (
            {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:x"}},
            "DeadLetterConfig",
        ),
        ({"Publish": True}, "Publish"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart"),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, "LoggingConfig"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(
    functions: Functions, parameters: dict[str, Any], named: str
) -> None:
    """Instead of being dropped."""
    with pytest.raises(functions.client.exceptions.ClientError) as caught:
        functions.make("", **parameters)
    assert caught.value.response["Error"]["Code"] == "NotEmulated"
    assert named in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Role": "arn:aws:iam::123456789012:role/nobody"}, "cannot be assumed by Lambda"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "Reserved keys used"),
        ({"Code": {"ZipFile": b"no zip"}}, "Could not unzip uploaded file"),
        ({"Timeout": 901}, "at most 900 seconds"),
        ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "exceeded the 4KB limit"),
    ],
)
def test_what_aws_refuses_is_refused(
    functions: Functions, parameters: dict[str, Any], message: str
) -> None:
    """InvalidParameterValueException, in AWS's words where they are known."""
    exceptions = functions.client.exceptions
    with pytest.raises(exceptions.InvalidParameterValueException, match=message):
        functions.make("", **parameters)
