"""moto, one WSGI application per service, behind a list of what it does honestly."""

from __future__ import annotations

import io
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

from .extensions import EXTENSIONS
from .faults import slow_down
from .iam.guard import Call, guard_of
from .moto_bodies import read_documents_as_documents
from .moto_services import MOTO_OPERATIONS, accepted, refused
from .protocol import NotEmulated, ServiceError
from .rest_xml import has_document, parameters
from .services import load
from .validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from moto.core.request import Request

    from .gateway import CurrentRequest
    from .wire import Wire
    from .world import World

    Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

VALIDATION_CODES = {
    "logs": "InvalidParameterException",
    "iam": "ValidationError",
    "sts": "ValidationError",
}
"""Error code for a value outside the model's limits, where it is not ValidationException."""

MAY_BE_MISSING = ("GetObject", "HeadObject")
"""S3 tells that an object is not there only to those who may list the bucket (API, GetObject)."""

OWNERS = ("ExpectedBucketOwner", "ExpectedSourceBucketOwner")


class MotoBackend:
    """moto's services, made on first use.

    Args:
        world: what the extensions are installed with.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._apps: dict[str, Wsgi] = {}
        self._installed: set[str] = set()
        self._lock = RLock()

    def call(
        self,
        service: str,
        wire: Wire,
        signed: CurrentRequest,
        start_response: Callable[..., Any],
    ) -> Iterable[bytes]:
        """Check a request and let moto answer it.

        Raises:
            Denied: the caller's policies do not allow it.
            NotEmulated: the operation, one of its parameters or a value is not on the list.
            ServiceError: the request breaks the service's model.
        """
        request = signed.http
        # S3's bodies may be large objects, which are left for moto to read.
        body = request.get_data() if service != "s3" else b""
        operation, path = wire.operation_of(request)
        if operation not in MOTO_OPERATIONS[service]:
            raise NotEmulated(f"{service} operation {operation}")
        shape = wire.model.operation_model(operation).input_shape
        if service == "s3":
            given = self._read_s3(wire, request, operation)
            slow_down(self._world, operation, path.get("Key") or given.get("Prefix") or "")
        else:
            given = wire.read(request, operation, path)
            validate(shape, given, VALIDATION_CODES.get(service, "ValidationException"))
            request.environ["wsgi.input"] = io.BytesIO(body)
        names = refused(shape, given, accepted(service, operation))
        if names:
            raise NotEmulated(f"{service} {operation} parameter {', '.join(names)}")
        guard, members = guard_of(self._world), {**path, **given}
        call = Call(
            signed.key, service, operation, signed.region, members, wire.protocol, signed.via
        )
        guard.check(call)
        if operation in MAY_BE_MISSING:
            start_response = guard.hiding(start_response, call)
        try:
            return self.app(service)(request.environ, start_response)
        except NotImplementedError as error:
            raise NotEmulated(f"{service} {operation} ({error})") from error

    def app(self, service: str) -> Wsgi:
        """The WSGI application of one service."""
        # A service that is there must not wait for another that is being imported.
        if service not in self._apps:
            with self._lock:
                if service not in self._apps:
                    self._apps[service] = self._make(service)
        return self._apps[service]

    def warm(self, modules: tuple[str, ...]) -> None:
        """Import modules that lie inside moto."""
        for module in modules:
            with self._lock:
                import_module(module)

    def _read_s3(self, wire: Wire, request: Request, operation: str) -> dict[str, Any]:
        shape = wire.model.operation_model(operation).input_shape
        body = None
        if has_document(shape):
            body = request.get_data()
            request.environ["wsgi.input"] = io.BytesIO(body)
        given = parameters(shape, wire.outside_body(request, operation), body)
        if any(given.get(name, self._world.account) != self._world.account for name in OWNERS):
            raise ServiceError("AccessDenied", "Access Denied", 403)
        return given

    def _make(self, service: str) -> Wsgi:
        from moto.core.config import default_user_config
        from moto.moto_server.werkzeug_app import create_backend_app

        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        read_documents_as_documents()
        for path in EXTENSIONS.get(service, ()):
            self._install(path)
        flask = create_backend_app(cast("Any", service))
        # Errors come out here, where the gateway turns them into an answer of the protocol.
        flask.config["PROPAGATE_EXCEPTIONS"] = True
        app: Wsgi = flask
        return app

    def _install(self, path: str) -> None:
        if path in self._installed:
            return
        self._installed.add(path)
        load(path)(self._world)
