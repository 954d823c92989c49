"""Lambda's API: functions whose code really runs."""

from __future__ import annotations

import base64
import json
import shutil
from threading import RLock
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.iam.assumable import assumable
from batcat_runtime.emulator.needs.lambda_ import FUNCTIONS, named
from batcat_runtime.emulator.processes import stop_all
from batcat_runtime.emulator.protocol import ServiceError

from .asynchronous import Later
from .destinations import DEAD_LETTERS, check_destination
from .function import Function, check_settings, fetch_code, install_code, invalid
from .invocation import Invocation
from .invoke_config import EventInvokeConfigs
from .metrics import tell
from .policy import document_of, statement_of

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

PRINCIPAL = "lambda.amazonaws.com"
PAGE = 50
LARGEST = {"RequestResponse": 6_291_456, "Event": 1_048_576}
"""Largest payload of each kind of invocation, in bytes (Developer Guide, quotas)."""

NOT_SETTINGS = ("Code", "Tags", "Publish", "RevisionId")


class Lambda:
    """Functions, their permissions and their invocations.

    Args:
        world: where this server runs.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._folder = world.workdir / "functions"
        self._functions: dict[tuple[str, str], Function] = world.shared(FUNCTIONS, dict)
        self._lock = RLock()
        self._configs = EventInvokeConfigs(world, self._function)
        world.closing.append(stop_all)

    def create_function(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a function from a zip file."""
        region = current_request().region
        check_settings(request)
        for name in ("Runtime", "Handler"):
            if not request.get(name):
                raise invalid(
                    f"{name} is mandatory for functions created with deployment packages."
                )
        name = _name_of(request["FunctionName"])[0]
        self._check_role(request["Role"])
        self._check_dead_letters(request, request["Role"])
        arn = self._world.arn("lambda", f"function:{name}", region)
        settings = {key: value for key, value in request.items() if key not in NOT_SETTINGS}
        home = self._folder / region / name
        function = Function(arn, region, settings | {"FunctionName": name}, home)
        function.tags = dict(request.get("Tags", {}))
        body = fetch_code(self._world, request["Code"], region, current_request().key)
        with self._lock:
            if (region, name) in self._functions:
                raise ServiceError(
                    "ResourceConflictException", f"Function already exist: {name}", 409
                )
            function.code = home / "none"
            install_code(function, body, home)
            function.touch()
            self._functions[region, name] = function
        return function.configuration()

    def get_function(self, request: dict[str, Any]) -> dict[str, Any]:
        """Configuration, code's origin and tags."""
        function = self._function(request)
        answer = {"Configuration": function.configuration(), "Code": {"RepositoryType": "S3"}}
        return answer | ({"Tags": function.tags} if function.tags else {})

    def get_function_configuration(self, request: dict[str, Any]) -> dict[str, Any]:
        """Configuration alone."""
        return self._function(request).configuration()

    def list_functions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Functions of the region by name, paged."""
        region = current_request().region
        with self._lock:
            found = sorted(
                (function for (where, _), function in self._functions.items() if where == region),
                key=lambda function: function.name,
            )
        after = request.get("Marker")
        rest = [function for function in found if after is None or function.name > after]
        page = rest[: min(request.get("MaxItems", PAGE), PAGE)]
        answer: dict[str, Any] = {"Functions": [function.configuration() for function in page]}
        return answer | ({"NextMarker": page[-1].name} if len(rest) > len(page) else {})

    def update_function_code(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace the code."""
        function = self._revision(request)
        body = fetch_code(self._world, request, function.region, current_request().key)
        if not request.get("DryRun"):
            with self._lock:
                install_code(function, body, self._folder / function.region / function.name)
                if request.get("Architectures"):
                    function.settings["Architectures"] = request["Architectures"]
                function.touch()
        return function.configuration()

    def update_function_configuration(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace the given settings."""
        check_settings(request)
        function = self._revision(request)
        if request.get("Role"):
            self._check_role(request["Role"])
        self._check_dead_letters(request, request.get("Role") or function.settings["Role"])
        left_out = (*NOT_SETTINGS, "FunctionName")
        with self._lock:
            function.settings |= {k: v for k, v in request.items() if k not in left_out}
            function.touch()
        return function.configuration()

    def delete_function(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a function and its code."""
        function = self._function(request)
        with self._lock:
            self._functions.pop((function.region, function.name), None)
        shutil.rmtree(self._folder / function.region / function.name, ignore_errors=True)
        return {"StatusCode": 204}

    def invoke(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run a function: now and wait, later, or not at all (DryRun)."""
        function = self._function(request)
        kind = request.get("InvocationType", "RequestResponse")
        if kind == "DryRun":
            return {"StatusCode": 204}
        event = _event_of(request.get("Payload") or b"", kind)
        if kind == "Event":
            Later.of(self._world, function, event).start()
            return {"StatusCode": 202, "Payload": b""}
        invocation = Invocation(self._world, function, event, _context_of(request))
        outcome = tell(self._world, function, invocation.run())
        answer = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": outcome.payload}
        if outcome.failed:
            answer["FunctionError"] = "Unhandled"
        if request.get("LogType") == "Tail":
            answer["LogResult"] = base64.b64encode(outcome.tail).decode()
        return answer

    def add_permission(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let a principal invoke the function."""
        function = self._revision(request)
        identity = request["StatementId"]
        with self._lock:
            if identity in function.statements:
                raise ServiceError(
                    "ResourceConflictException",
                    f"The statement id ({identity}) provided already exists. Please provide a new "
                    "statement id, or remove the existing statement.",
                    409,
                )
            statement = statement_of(request, function.arn)
            function.statements[identity] = statement
        return {"Statement": json.dumps(statement)}

    def get_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        """The function's policy."""
        function = self._function(request)
        if not function.statements:
            raise _missing("The resource you requested does not exist.")
        return {"Policy": document_of(function.statements), "RevisionId": function.revision}

    def remove_permission(self, request: dict[str, Any]) -> None:
        """Take a statement out of the policy."""
        function = self._revision(request)
        identity = request["StatementId"]
        if function.statements.pop(identity, None) is None:
            raise _missing(f"Statement {identity} is not found in resource policy.")

    def put_function_event_invoke_config(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set how the function is invoked asynchronously; the rest goes back to its default."""
        return self._configs.put(request, keep=False)

    def update_function_event_invoke_config(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set how the function is invoked asynchronously; the rest stays."""
        return self._configs.put(request, keep=True)

    def get_function_event_invoke_config(self, request: dict[str, Any]) -> dict[str, Any]:
        """How the function is invoked asynchronously."""
        return self._configs.get(request)

    def delete_function_event_invoke_config(self, request: dict[str, Any]) -> None:
        """Invoke the function as by default."""
        self._configs.delete(request)

    def tag_resource(self, request: dict[str, Any]) -> None:
        """Add or replace tags."""
        self._function({"FunctionName": request["Resource"]}).tags.update(request["Tags"])

    def untag_resource(self, request: dict[str, Any]) -> None:
        """Remove tags."""
        tags = self._function({"FunctionName": request["Resource"]}).tags
        for key in request["TagKeys"]:
            tags.pop(key, None)

    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        """Tags of a function."""
        return {"Tags": self._function({"FunctionName": request["Resource"]}).tags}

    def _function(self, request: dict[str, Any]) -> Function:
        region = current_request().region
        name, qualifier = _name_of(request["FunctionName"])
        qualifier = request.get("Qualifier") or qualifier or "$LATEST"
        with self._lock:
            function = self._functions.get((region, name))
        arn = self._world.arn("lambda", f"function:{name}", region)
        if function is None:
            raise _missing(f"Function not found: {arn}")
        if qualifier != "$LATEST":
            raise _missing(f"Function not found: {arn}:{qualifier}")
        return function

    def _revision(self, request: dict[str, Any]) -> Function:
        """The function, if the request's RevisionId is not out of date."""
        function = self._function(request)
        if request.get("RevisionId") not in (None, function.revision):
            raise ServiceError(
                "PreconditionFailedException",
                "The Revision Id provided does not match the latest Revision Id. Call the "
                "GetFunction/GetAlias API to retrieve the latest Revision Id",
                412,
            )
        return function

    def _check_role(self, arn: str) -> None:
        if not assumable(self._world, arn, PRINCIPAL):
            raise invalid("The role defined for the function cannot be assumed by Lambda.")

    def _check_dead_letters(self, request: dict[str, Any], role: str) -> None:
        arn = (request.get("DeadLetterConfig") or {}).get("TargetArn")
        check_destination(self._world, role, arn, DEAD_LETTERS)


def _name_of(given: str) -> tuple[str, str | None]:
    """Name and qualifier of a name, a partial ARN or an ARN."""
    found = named(given)
    if found is None:
        raise invalid(f"{given} is not the name or ARN of a function.")
    return found


def _event_of(payload: bytes, kind: str) -> Any:
    if len(payload) > LARGEST[kind]:
        raise ServiceError(
            "RequestTooLargeException",
            f"{len(payload)} byte payload is too large for the {kind} invocation type "
            f"(limit {LARGEST[kind]} bytes)",
            413,
        )
    try:
        return json.loads(payload) if payload else {}
    except ValueError as error:
        raise ServiceError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: {error}",
        ) from error


def _context_of(request: dict[str, Any]) -> Any:
    text = request.get("ClientContext")
    return json.loads(base64.b64decode(text)) if text else None


def _missing(message: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", message, 404)
