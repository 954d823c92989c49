"""moto as a WSGI application per service, with this project's extensions applied."""

from __future__ import annotations

from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

from .extensions import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .world import World

    Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


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

    def app(self, service: str) -> Wsgi:
        """The WSGI application of one service."""
        with self._lock:
            if service not in self._apps:
                self._apps[service] = self._make(service)
            return self._apps[service]

    def warm(self, modules: tuple[str, ...]) -> None:
        """Import modules that lie inside moto."""
        for module in modules:
            with self._lock:
                import_module(module)

    def _make(self, service: str) -> Wsgi:
        from moto.core.config import default_user_config
        from moto.moto_server.werkzeug_app import create_backend_app

        default_user_config["stepfunctions"] = {"execute_state_machine": True}
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
        module, _, name = path.partition(":")
        try:
            install = getattr(import_module(module), name)
        except (ModuleNotFoundError, AttributeError):
            return  # the extension is not written yet
        install(self._world)
