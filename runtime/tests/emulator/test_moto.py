"""What this project relies on in moto; a new version must keep these promises."""

from __future__ import annotations

import subprocess
import sys

import pytest
from botocore.session import get_session

from batcat_runtime.emulator.extensions import EXTENSIONS, WARM_BESIDE
from batcat_runtime.emulator.moto_services import MOTO_OPERATIONS, REFUSED, S3_REFUSED
from batcat_runtime.emulator.services import OWN_SERVICES, load

MODELS = {name: get_session().get_service_model(name) for name in MOTO_OPERATIONS}


def members(service: str, operation: str) -> set[str]:
    """Parameters of an operation."""
    shape = MODELS[service].operation_model(operation).input_shape
    return set(shape.members) if shape is not None else set()


@pytest.mark.parametrize("service", MOTO_OPERATIONS)
def test_every_operation_on_the_list_exists(service: str) -> None:
    """A typing mistake would refuse what should work."""
    assert set(MODELS[service].operation_names) >= MOTO_OPERATIONS[service]


@pytest.mark.parametrize("service", REFUSED)
def test_every_refused_parameter_exists(service: str) -> None:
    """A typing mistake would let through what is forgotten."""
    for operation, names in REFUSED[service].items():
        assert operation in MOTO_OPERATIONS[service]
        assert set(names) <= members(service, operation)


def test_every_refused_s3_parameter_exists() -> None:
    """In one of the operations on the list."""
    known = set().union(*(members("s3", operation) for operation in MOTO_OPERATIONS["s3"]))
    assert known >= S3_REFUSED


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
