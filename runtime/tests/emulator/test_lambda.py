"""Lambda: functions whose code really runs."""

from __future__ import annotations

import base64
import json
import os
import sys
from textwrap import indent
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.lambda_ import invocation
from batcat_runtime.emulator.lambda_.function import Function
from batcat_runtime.emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runtime.tests.emulator.conftest import Functions

    from batcat_runtime.emulator import LocalAws


def test_a_function_gets_the_event_and_gives_its_answer(functions: Functions) -> None:
    """Any JSON there and back."""
    name = functions.make(functions.handler("return {'got': event, 'é': None}"))
    assert functions.call(name, {"a": [1, 2.5, "x"]}) == (
        {"got": {"a": [1, 2.5, "x"]}, "é": None},
        None,
    )


def test_the_context_is_that_of_aws(functions: Functions, aws: LocalAws) -> None:
    """Names, limits, request id, remaining time, client context."""
    name = functions.make(
        functions.handler(
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
        functions.handler("return dict(os.environ)"), Environment={"Variables": {"COLOUR": "green"}}
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
    code = "import boto3\n" + functions.handler(
        "return boto3.client('sts').get_caller_identity()['Account']"
    )
    assert functions.call(functions.make(code, Timeout=20)) == (aws.account, None)


def test_an_exception_is_the_answer(functions: Functions) -> None:
    """Type, message and trace, as the Python runtime gives them."""
    name = functions.make(functions.handler("raise ValueError('no bucket')"))
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
            "def handler(event, context): return {1, 2}\n",
            "app.handler",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
        (
            "import os\ndef handler(event, context): os._exit(3)\n",
            "app.handler",
            "Runtime.ExitError",
            "Error: Runtime exited with",
        ),
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
    name = functions.make(functions.handler("time.sleep(600)"), Timeout=1)
    answer, error = functions.call(name)
    assert error == "Unhandled"
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")


def test_importing_does_not_count_for_the_timeout(functions: Functions) -> None:
    """The init phase has a limit of its own."""
    code = "import time\ntime.sleep(1.5)\n" + functions.handler("return 'done'")
    assert functions.call(functions.make(code, Timeout=1)) == ("done", None)


def test_logs_have_start_end_and_report(functions: Functions) -> None:
    """Around what the function prints and logs."""
    name = functions.make(
        functions.handler("print('printed'); logging.getLogger().warning('logged'); return 1")
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
    name = functions.make(functions.handler("print('x' * 5000); print('last')"))
    answer = functions.client.invoke(FunctionName=name, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"])
    assert len(tail) == 4096
    assert b"\nlast\nEND RequestId" in tail


def test_an_event_invocation_is_answered_before_it_runs(functions: Functions, until: Any) -> None:
    """Status 202; the function runs behind it."""
    name = functions.make(functions.handler("print('ran', event['a'])"))
    answer = functions.client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    assert answer["StatusCode"] == 202
    until(lambda: "ran 1" in functions.lines(name), "the function to run")


def test_a_dry_run_runs_nothing(functions: Functions) -> None:
    """Status 204 and no log group."""
    name = functions.make(functions.handler("print('ran')"))
    answer = functions.client.invoke(FunctionName=name, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert answer["Payload"].read() == b""
    assert functions.lines(name) == []


def test_a_payload_that_is_no_json_is_refused(functions: Functions) -> None:
    """Before anything runs."""
    name = functions.make(functions.handler("return 1"))
    with pytest.raises(functions.client.exceptions.InvalidRequestContentException):
        functions.client.invoke(FunctionName=name, Payload=b"{")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
@pytest.mark.parametrize("rest", ["", "time.sleep(600)"])
def test_a_daemon_ends_with_its_invocation(
    functions: Functions, until: Any, gone: Callable[[int], bool], daemon: str, rest: str
) -> None:
    """Whether the function answers or runs out of time."""
    name = functions.make(f"def handler(event, context):\n{indent(daemon + rest, '    ')}\n")
    _, error = functions.call(name)
    assert error == ("Unhandled" if rest else None)
    (line,) = until(
        lambda: [line for line in functions.lines(name) if line.startswith("running")], "the log"
    )
    assert gone(int(line.split()[1]))


def test_a_module_that_never_finishes_loading_times_out(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The init phase has a limit too; what comes of it is the function's own time-out."""
    monkeypatch.setattr(invocation, "INIT_SECONDS", 0.2)
    (tmp_path / "app.py").write_text("import time\ntime.sleep(600)\n")
    world = World(functions.aws.url, "us-east-1", "123456789012", {}, tmp_path)
    settings = {"FunctionName": functions.unique("function"), "Handler": "app.handler"}
    settings["Role"] = "arn:aws:iam::123456789012:role/r"
    function = Function("arn", "us-east-1", {**settings, "Timeout": 1}, tmp_path)
    outcome = invocation.Invocation(world, function, {}).run()
    assert outcome.failed
    assert json.loads(outcome.payload)["errorMessage"].endswith("Task timed out after 1.00 seconds")
    world.client("logs").close()


def test_an_invocation_that_cannot_start_leaves_nothing_open(
    functions: Functions, tmp_path: Path
) -> None:
    """Its code may have been deleted a moment ago."""
    world = World(functions.aws.url, "us-east-1", "123456789012", {}, tmp_path)
    settings = {"FunctionName": functions.unique("function"), "Handler": "app.handler"}
    settings["Role"] = "arn:aws:iam::123456789012:role/r"
    function = Function("arn", "us-east-1", settings, tmp_path / "deleted")

    def fail() -> int:
        with pytest.raises(FileNotFoundError):
            invocation.Invocation(world, function, {}).run()
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 - a path per descriptor would be one more

    assert fail() == fail()
    world.client("logs").close()
