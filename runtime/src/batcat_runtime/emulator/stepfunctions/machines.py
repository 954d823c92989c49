"""Create, Update, Describe, Delete and Validate of state machines as AWS documents them.

moto takes any definition its parser can read, returns the existing state machine whatever is
asked for under its name, and forgets what it does not emulate.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.assumable import assumable
from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from . import asl, permissions

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

PRINCIPAL = "states.amazonaws.com"
MOST_DIAGNOSTICS = 100
LOG_GROUP = re.compile(r"^arn:[a-z-]+:logs:([a-z0-9-]+):\d{12}:log-group:([^:]+)(:\*)?$")
COMPARED = (
    "definition",
    "type",
    "loggingConfiguration",
    "tracingConfiguration",
    "encryptionConfiguration",
)
"""What makes a second CreateStateMachine the same as the first (API reference): also the name
and publish; roleArn and tags may differ and are then ignored."""


def patch_api(responses: Any, world: World) -> None:
    """Put checks before, and consequences after, moto's operations on state machines.

    Args:
        responses: moto's class that answers Step Functions requests.
        world: the server the executions run in.
    """
    create, update = responses.create_state_machine, responses.update_state_machine
    delete, describe = responses.delete_state_machine, responses.describe_state_machine

    def create_state_machine(self: Any) -> Any:
        _check_configuration(world, self)
        _check_definition(self._get_param("definition"), self.region)
        check_role(world, self._get_param("roleArn"))
        _check_same(self)
        _check_permissions(world, self, self._get_param("roleArn"))
        return create(self)

    def update_state_machine(self: Any) -> Any:
        _check_configuration(world, self)
        definition = self._get_param("definition")
        if definition is not None:
            _check_definition(definition, self.region)
        if self._get_param("roleArn"):
            check_role(world, self._get_param("roleArn"))
        machine = self.stepfunction_backend.describe_state_machine(
            self._get_param("stateMachineArn")
        )
        _check_permissions(world, self, self._get_param("roleArn") or machine.roleArn)
        return update(self)

    def delete_state_machine(self: Any) -> Any:
        _stop_executions(self)
        return delete(self)

    def describe_state_machine(self: Any) -> Any:
        if self._get_param("includedData") == "METADATA_ONLY":
            raise NotEmulated("stepfunctions DescribeStateMachine includedData METADATA_ONLY")
        return describe(self)

    def checked(operation: Any) -> Any:
        def call(self: Any) -> Any:
            _check_tagged(self)
            return operation(self)

        return call

    replace(
        responses,
        tag_resource=checked(responses.tag_resource),
        untag_resource=checked(responses.untag_resource),
        list_tags_for_resource=checked(responses.list_tags_for_resource),
        create_state_machine=create_state_machine,
        update_state_machine=update_state_machine,
        delete_state_machine=delete_state_machine,
        describe_state_machine=describe_state_machine,
    )
    # moto has no such operation, so there is nothing to replace.
    responses.validate_state_machine_definition = _validate_state_machine_definition


def check_role(world: World, arn: str) -> None:
    """The role must exist and let Step Functions assume it.

    Args:
        world: where to look.
        arn: the role.

    Raises:
        ServiceError: as AWS does when the state machine is created.
    """
    if not assumable(world, arn, PRINCIPAL):
        raise ServiceError(
            "AccessDeniedException",
            f"Neither the global service principal {PRINCIPAL}, nor the regional one is "
            f"authorized to assume the provided role: {arn}. It must exist and trust {PRINCIPAL}.",
        )


def _check_permissions(world: World, self: Any, role: str) -> None:
    """What is said anew must be allowed to the role."""
    definition, logging = self._get_param("definition"), self._get_param("loggingConfiguration")
    permissions.check(world, role, self.region, definition, logging)


def _check_tagged(self: Any) -> None:
    """Only a state machine that exists has tags."""
    arn = self._get_param("resourceArn")
    if all(machine.arn != arn for machine in self.stepfunction_backend.state_machines):
        raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'")


def _check_configuration(world: World, self: Any) -> None:
    if self._get_param("type") == "EXPRESS":
        raise NotEmulated(
            "stepfunctions state machine type EXPRESS", "Use STANDARD, which is the default."
        )
    if (self._get_param("tracingConfiguration") or {}).get("enabled"):
        raise NotEmulated("stepfunctions tracingConfiguration.enabled (X-Ray)")
    encryption = self._get_param("encryptionConfiguration") or {}
    if encryption.get("type", "AWS_OWNED_KEY") != "AWS_OWNED_KEY":
        raise NotEmulated(f"stepfunctions encryptionConfiguration.type {encryption['type']}")
    _check_logging(world, self._get_param("loggingConfiguration") or {})


def _check_logging(world: World, logging: dict[str, Any]) -> None:
    """A level other than OFF needs exactly one log group, and it must exist."""
    if logging.get("level", "OFF") == "OFF":
        return
    destinations = logging.get("destinations") or []
    if len(destinations) != 1:
        raise ServiceError(
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        )
    arn = destinations[0].get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
    match = LOG_GROUP.match(arn)
    groups = []
    if match is not None:
        logs = world.client("logs", match[1])
        groups = logs.describe_log_groups(logGroupNamePrefix=match[2])["logGroups"]
    if match is None or match[2] not in [group["logGroupName"] for group in groups]:
        raise ServiceError(
            "InvalidLoggingConfiguration",
            f"Invalid Logging Configuration: Log Destination not found: {arn}",
        )


def _check_definition(definition: str, region: str) -> None:
    """Refuse a definition with every problem in the message, each with its path."""
    problems = asl.check(definition, region)
    if not problems:
        return
    listed = ", ".join(str(problem) for problem in problems)
    raise ServiceError("InvalidDefinition", f"Invalid State Machine Definition: '{listed}'")


def _check_same(self: Any) -> None:
    """A name that is taken is an answer only when everything compared is the same."""
    name = self._get_param("name")
    for machine in self.stepfunction_backend.state_machines:
        if machine.name != name:
            continue
        for field in COMPARED:
            asked = self._get_param(field)
            if asked is not None and asked != getattr(machine, field):
                raise ServiceError(
                    "StateMachineAlreadyExists", f"State Machine Already Exists: '{machine.arn}'"
                )


def _stop_executions(self: Any) -> None:
    """AWS ends a deleted state machine's executions on their next transition; here, at once."""
    from .executions import stop

    arn = self._get_param("stateMachineArn")
    backend = self.stepfunction_backend
    for machine in backend.state_machines:
        if machine.arn == arn:
            for execution in machine.executions:
                if execution.status == "RUNNING":
                    stop(execution)
            if backend.tagger.has_tags(arn):
                backend.tagger.delete_all_tags_for_resource(arn)


def _validate_state_machine_definition(self: Any) -> Any:
    from moto.core.responses import ActionResult

    if self._get_param("type") == "EXPRESS":
        raise NotEmulated("stepfunctions state machine type EXPRESS")
    problems = asl.check(self._get_param("definition"), self.region)
    most = self._get_int_param("maxResults") or MOST_DIAGNOSTICS
    shown = [
        {
            "severity": "ERROR",
            "code": problem.code,
            "message": problem.message,
            "location": problem.path,
        }
        for problem in problems
    ]
    return ActionResult(
        {
            "result": "FAIL" if shown else "OK",
            "diagnostics": shown[:most],
            "truncated": len(shown) > most,
        }
    )
