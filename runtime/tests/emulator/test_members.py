"""Every member of every request of our own services is acted on, kept, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from batcat_runtime.emulator.members import EFFECTIVE, HELD, listed, refuse_unlisted
from batcat_runtime.emulator.protocol import NotEmulated
from batcat_runtime.emulator.services import OWN_SERVICES, load

MODELS = {name: get_session().get_service_model(name) for name in EFFECTIVE}
OPERATIONS = [(service, operation) for service in EFFECTIVE for operation in EFFECTIVE[service]]


def leaves(shape: Any, path: str = "", above: tuple[str, ...] = ()) -> dict[str, Any]:
    """A request for each path that a request may say, with nothing else in it."""
    if shape.type_name == "list" and shape.member.type_name == "structure":
        return {inner: [request] for inner, request in leaves(shape.member, path, above).items()}
    if shape.type_name != "structure":
        return {path: SAMPLES.get(shape.type_name, "x")}
    if shape.name in above:  # a shape that holds itself has no end
        return {}
    return {
        inner: {name: request}
        for name, member in shape.members.items()
        for inner, request in leaves(
            member, f"{path}.{name}" if path else name, (*above, shape.name)
        ).items()
    }


SAMPLES: dict[str, Any] = {"boolean": True, "integer": 7, "list": ["x"], "map": {"x": "x"}}


@pytest.mark.parametrize("service", sorted(set(OWN_SERVICES) - {"cloudformation"}))
def test_every_operation_that_is_there_has_a_list(service: str) -> None:
    handlers = dir(load(OWN_SERVICES[service]))
    there = {name for name in MODELS[service].operation_names if xform_name(name) in handlers}
    assert there == set(EFFECTIVE[service])
    assert there >= set(HELD[service])


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_member_on_a_list_exists_and_is_on_one_list(service: str, operation: str) -> None:
    members = listed(service, operation)
    assert set(members) <= set(leaves(MODELS[service].operation_model(operation).input_shape))
    assert len(members) == len(EFFECTIVE[service][operation].split()) + len(
        HELD[service].get(operation, {})
    )


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_member_that_is_on_no_list_is_refused_by_name(service: str, operation: str) -> None:
    shape, members = (
        MODELS[service].operation_model(operation).input_shape,
        listed(service, operation),
    )
    for path, request in leaves(shape).items():
        if path not in members or members[path]:
            with pytest.raises(NotEmulated) as refusal:
                refuse_unlisted(service, operation, shape, request)
            assert f"{service} {operation} parameter {path}" in refusal.value.message
        else:
            refuse_unlisted(service, operation, shape, request)


def test_what_is_empty_asks_for_nothing() -> None:
    shape = MODELS["lambda"].operation_model("CreateFunction").input_shape
    empty = {"Layers": [], "DeadLetterConfig": {"TargetArn": ""}, "ImageConfig": {}}
    refuse_unlisted("lambda", "CreateFunction", shape, empty)
