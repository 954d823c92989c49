"""The one WSGI application: finds the service of a request and hands it on.

The service is read from the request's SigV4 credential scope. A service of our own is
dispatched by botocore's model; one that moto answers must be on its list; anything else is
refused by name.
"""

from __future__ import annotations

import json
import sys
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any

from .cbor import make_wire, spoken
from .envelope import CBOR, access_key, credential_scope, error_answer, request_id, unpacked
from .events.clock import turned
from .extensions import WARM_MOTO
from .faults import lacked, throttled
from .iam.guard import Call, guard_of
from .members import refuse_unlisted
from .moto_backend import MotoBackend
from .moto_services import MOTO_OPERATIONS
from .protocol import NotEmulated, ServiceError
from .services import LOADED_WHEN_ASKED, OWN_SERVICES, load
from .validate import validate
from .wire import FORM
from .world import CALLED_VIA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from moto.core.request import Request

    from .wire import Wire
    from .world import World

    StartResponse = Callable[..., Any]

SIGNING_NAMES = {
    "states": "stepfunctions",
    "monitoring": "cloudwatch",
    "eventbridge": "events",
    "tagging": "resourcegroupstaggingapi",
}
"""Signing names that differ from botocore's service name."""

HOSTS = ("127.0.0.1", "localhost")

DECISIONS = "/_batcat/decisions"
"""Path of this server's own; no bucket's name has an underscore."""

FOR_TESTS = {
    "/_batcat/clock": turned,
    "/_batcat/machines": lacked,
    "/_batcat/throttle": throttled,
}
"""Paths of this server's own, for tests that turn its clock, or in which AWS is short of things."""

LEGACY_S3_QUERY = "AWSAccessKeyId"
"""Mark of an S3 link presigned the old way (SigV2), which boto3 still makes by default."""


@dataclass(frozen=True)
class CurrentRequest:
    """What a handler may want to know of its request beyond the parameters.

    Attributes:
        region: region the client signed for.
        http: the request as it arrived.
        key: access key it is signed with.
    """

    region: str
    http: Request
    key: str = ""

    @property
    def via(self) -> str:
        """The service that passes on the caller's rights, if one does."""
        return str(self.http.headers.get(CALLED_VIA, ""))


_current: ContextVar[CurrentRequest] = ContextVar("current_request")


def current_request() -> CurrentRequest:
    """The request that the calling handler answers."""
    return _current.get()


class Gateway:
    """Routes each request to the service it was signed for.

    Args:
        world: given to every service.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._moto = MotoBackend(world)
        self._services: dict[str, Any] = {}
        self._wires: dict[tuple[str, str], Wire] = {}
        self._lock = RLock()

    def __call__(
        self,
        environ: dict[str, Any],
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Answer one request."""
        from moto.core.request import Request as MotoRequest

        request = MotoRequest(environ)
        protocol = "rest-xml"
        try:
            _refuse_web_pages(request)
            if request.path == DECISIONS:
                return self._decisions(start_response)
            if request.path in FOR_TESTS:
                told = FOR_TESTS[request.path](self._world, request.get_data())
                return _send(start_response, told)
            region, service = self._service_of(request)
            protocol = self._protocol_of(service, request)
            if service != "s3":  # which keeps an object as it comes
                request = unpacked(request)
            if service in OWN_SERVICES:
                return self._own(self.wire(service, protocol), region, request, start_response)
            if service not in MOTO_OPERATIONS:
                self._refuse(service)
            signed = CurrentRequest(region, request, _key_of(request))
            return self._moto.call(service, self.wire(service), signed, start_response)
        except ServiceError as error:
            status, headers, body = error_answer(protocol, error)
            # The answer to HEAD has no body, whatever it says.
            return _send(
                start_response, (status, headers, b"" if request.method == "HEAD" else body)
            )
        except Exception as error:  # noqa: BLE001 - the client must learn of any mistake here
            traceback.print_exc(file=sys.stderr)
            failure = ServiceError(
                "InternalFailure",
                f"batcat local failed: {type(error).__name__}: {error}",
                501,
            )
            return _send(start_response, error_answer(protocol, failure))

    def wire(self, service: str, protocol: str = "") -> Wire:
        """The wire format of a service, in the protocol that its model names or in another."""
        key = service, protocol
        if key not in self._wires:
            with self._lock:
                if key not in self._wires:
                    self._wires[key] = make_wire(service, protocol)
        return self._wires[key]

    def warm(self) -> None:
        """Load what the first requests need."""
        for service in MOTO_OPERATIONS:
            self._moto.app(service)
        for service in (*OWN_SERVICES, *MOTO_OPERATIONS):
            if service not in LOADED_WHEN_ASKED:
                self.wire(service)
        self._moto.warm(WARM_MOTO)

    def _service_of(self, request: Request) -> tuple[str, str]:
        scope = credential_scope(request.headers.get("Authorization", ""))
        if scope is None and (link := credential_scope(request.args.get("X-Amz-Credential", ""))):
            # Only S3's links carry their signature in the query: a form or an image on a web
            # page must not be able to reach a service that runs code.
            scope = link if link[1] == "s3" else None
        if scope is None:
            if LEGACY_S3_QUERY in request.args:
                return self._world.region, "s3"
            if _is_web_identity(request):
                return self._world.region, "sts"
            raise ServiceError(
                "MissingAuthenticationToken",
                f"{request.method} {request.path} is not signed, so batcat local cannot tell which "
                "service it is for",
                403,
            )
        region, name = scope
        return region, SIGNING_NAMES.get(name, name)

    def _protocol_of(self, service: str, request: Request) -> str:
        """The protocol to answer in, also for a service that is refused."""
        if service in OWN_SERVICES or service in MOTO_OPERATIONS:
            return spoken(request, self.wire(service).protocol)
        if "X-Amz-Target" in request.headers:
            return "json"
        if request.mimetype == "application/x-www-form-urlencoded":
            return "ec2" if service == "ec2" else "query"
        try:
            return self.wire(service).protocol
        except ValueError:  # botocore knows no such service either
            return "rest-json"

    def _own(
        self,
        wire: Wire,
        region: str,
        request: Request,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        from botocore import xform_name

        service = wire.service
        operation, path = wire.operation_of(request)
        handler = getattr(self._instance(service), xform_name(operation), None)
        if handler is None:
            raise NotEmulated(f"{service} operation {operation}")
        parameters = wire.read(request, operation, path)
        code = "ValidationError" if wire.protocol in ("query", CBOR) else "ValidationException"
        shape = wire.model.operation_model(operation).input_shape
        validate(shape, parameters, code)
        refuse_unlisted(service, operation, shape, parameters)
        signed = CurrentRequest(region, request, _key_of(request))
        call = Call(signed.key, service, operation, region, parameters, wire.protocol, signed.via)
        guard_of(self._world).check(call)
        token = _current.set(signed)
        try:
            result = handler(parameters)
        finally:
            _current.reset(token)
        status, headers, body = wire.write(operation, result)
        return _send(start_response, (status, {**headers, "x-amzn-RequestId": request_id()}, body))

    def _decisions(self, start_response: StartResponse) -> Iterable[bytes]:
        """What was allowed and denied to roles, for ``batcat audit``."""
        body = json.dumps(guard_of(self._world).record.document()).encode()
        return _send(start_response, (200, {"Content-Type": "application/json"}, body))

    @staticmethod
    def _refuse(service: str) -> None:
        raise NotEmulated(f"service {service}")

    def _instance(self, service: str) -> Any:
        if service not in self._services:
            with self._lock:
                if service not in self._services:
                    self._services[service] = load(OWN_SERVICES[service])(self._world)
        return self._services[service]


def _key_of(request: Request) -> str:
    """The access key that a request, or a presigned link, is signed with."""
    return (
        access_key(request.headers.get("Authorization", ""))
        or access_key(request.args.get("X-Amz-Credential", ""))
        or str(request.args.get(LEGACY_S3_QUERY, ""))
    )


def _is_web_identity(request: Request) -> bool:
    """Whether it asks for nothing but the one operation that AWS, too, takes unsigned.

    Any form on a web page can be sent that way, so whatever else a form might say is left unread.
    """
    if request.method != "POST" or request.path != "/" or request.query_string:
        return False
    if request.mimetype != FORM or not request.get_data():  # kept, for others to read
        return False
    return list(request.form.getlist("Action")) == ["AssumeRoleWithWebIdentity"]


def _refuse_web_pages(request: Request) -> None:
    """Let no page in a browser use this server: jobs and functions run code on this machine.

    Browsers name the page in Origin, and the name that led here in Host, which for a page that
    rebinds its own name to loopback is not that of this machine.
    """
    host = request.headers.get("Host", "").rpartition(":")[0]
    if "Origin" in request.headers or host not in HOSTS:
        raise ServiceError("AccessDenied", "batcat local does not answer web pages.", 403)


def _send(
    start_response: StartResponse,
    answer: tuple[int, Any, bytes],
) -> Iterable[bytes]:
    from http import HTTPStatus

    status, headers, body = answer
    listed = [(name, str(value)) for name, value in headers.items()]
    listed.append(("Content-Length", str(len(body))))
    start_response(f"{status} {HTTPStatus(status).phrase}", listed)
    return [body]
