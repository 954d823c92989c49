"""Errors of this service, in CloudFormation's words."""

from __future__ import annotations

from batcat_runtime.emulator.protocol import ServiceError


class ValidationError(ServiceError):
    """The request or the template is wrong; CloudFormation's own code for it."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", message)


def stack_missing(name: str) -> ValidationError:
    """The error of every read of a stack that does not exist."""
    return ValidationError(f"Stack with id {name} does not exist")
