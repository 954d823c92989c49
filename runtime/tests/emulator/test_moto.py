"""What this project relies on in moto; a new version must keep these promises."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from botocore.session import get_session

from batcat_runtime.emulator.extensions import EXTENSIONS, WARM_BESIDE
from batcat_runtime.emulator.moto_services import MOTO_OPERATIONS, accepted, refused
from batcat_runtime.emulator.services import OWN_SERVICES, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

MODELS = {name: get_session().get_service_model(name) for name in MOTO_OPERATIONS}


def leaves(shape: Any, path: str = "", above: tuple[str, ...] = ()) -> set[str]:
    """Paths of all that a request may say, lists left out."""
    if shape is not None and shape.type_name == "list":
        return leaves(shape.member, path, above)
    if shape is None or shape.type_name != "structure" or not shape.members:
        return {path} if path else set()
    if shape.name in above:  # a shape that holds itself has no end
        return {path}
    return set().union(
        *(
            leaves(member, f"{path}.{name}" if path else name, (*above, shape.name))
            for name, member in shape.members.items()
        )
    )


OPERATIONS = [
    (service, operation)
    for service in MOTO_OPERATIONS
    for operation in sorted(MOTO_OPERATIONS[service])  # in the same order in every test process
]


@pytest.mark.parametrize("service", MOTO_OPERATIONS)
def test_every_operation_on_the_list_exists(service: str) -> None:
    """A typing mistake would refuse what should work."""
    assert set(MODELS[service].operation_names) >= MOTO_OPERATIONS[service]


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_member_on_the_list_exists(service: str, operation: str) -> None:
    """And it is a leaf, so that nothing inside it is let through unseen."""
    shape = MODELS[service].operation_model(operation).input_shape
    assert set(accepted(service, operation)) <= leaves(shape)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_required_member_is_on_the_list(service: str, operation: str) -> None:
    """An operation whose required member is refused could never be used."""
    shape = MODELS[service].operation_model(operation).input_shape
    known = {path.partition(".")[0] for path in accepted(service, operation)}
    assert known >= set(shape.required_members if shape else ())


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_other_member_is_refused(service: str, operation: str) -> None:
    """What botocore knows, or will know, and the list does not name goes no further."""
    shape = MODELS[service].operation_model(operation).input_shape
    known = accepted(service, operation)
    for path in leaves(shape) - set(known):
        assert refused(shape, request_with(shape, path), known) == [path]


def request_with(shape: Any, path: str) -> Any:
    """The smallest request that gives one member."""
    if shape.type_name == "list":
        return [request_with(shape.member, path)]
    if shape.type_name != "structure" or not path:
        return {} if shape.type_name == "structure" else "x"
    name, _, rest = path.partition(".")
    return {name: request_with(shape.members[name], rest)}


def test_other_values_of_a_member_are_refused() -> None:
    """With the value's name, and inside lists too."""
    shape = MODELS["s3"].operation_model("GetObjectAttributes").input_shape
    request = {"Bucket": "b", "Key": "k", "ObjectAttributes": ["ETag", "ObjectParts"]}
    names = refused(shape, request, accepted("s3", "GetObjectAttributes"))
    assert names == ["ObjectAttributes=ObjectParts"]


def test_text_that_looks_like_a_form_stays_text(
    aws: LocalAws, unique: Callable[[str], str]
) -> None:
    """Neither an operation nor a parameter is read from inside a value."""
    secrets, queues, name = aws.client("secretsmanager"), aws.client("sqs"), unique("secret")
    text = "https://host/?a=1&Action=DeleteSecret&SecretId=b&Name=b&z"
    secrets.create_secret(Name=name, SecretString=text)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == text
    url = queues.create_queue(QueueName=unique("queue"))["QueueUrl"]
    text = "a=1&Action=PurgeQueue&MessageBody=b&z"
    queues.send_message(QueueUrl=url, MessageBody=text)
    (message,) = queues.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == text


def test_every_service_and_extension_can_be_loaded() -> None:
    """They are named by text, which no type checker reads."""
    paths = [*OWN_SERVICES.values(), *(path for paths in EXTENSIONS.values() for path in paths)]
    for path in (*paths, *WARM_BESIDE):
        assert callable(load(path))


def test_the_engine_loads_without_ec2() -> None:
    """80 MB and most of a second for one enum of AWS Batch."""
    code = (
        "import sys; from batcat_runtime.emulator.moto_light import leave_out_ec2;"
        "leave_out_ec2(); import moto.stepfunctions.parser.models;"
        "print('moto.ec2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
