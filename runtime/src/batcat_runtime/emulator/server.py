"""The process that serves the local AWS: socket, signals, work folder, orderly end.

Each connection carries one request: werkzeug's server closes it after the answer, because what a
client has not yet sent could otherwise be taken for the next request.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .extensions import WARM_BESIDE
from .moto_light import leave_out_ec2
from .services import load
from .state import State, StateError
from .workfolder import work_folder
from .world import World

if TYPE_CHECKING:
    from pathlib import Path

    from moto.moto_server.werkzeug_app import MotoRequestHandler

    from .gateway import Gateway

HOST = "127.0.0.1"
M_ARENA_MAX = -8
ARENAS = 2
"""glibc keeps memory apart for each thread; a server of many short threads needs few of these."""

PROXIES = ("http_proxy", "https_proxy", "all_proxy")

POLL_SECONDS = 0.05
"""How soon the socket loop notices that it is to stop, in seconds."""


@dataclass(frozen=True)
class Options:
    """How to serve.

    Attributes:
        port: TCP port on 127.0.0.1; 0 takes a free one.
        region: default region.
        account: twelve-digit account id.
        images: repository name to project folder.
        state: folder to keep, or None.
        parent_pipe: whether the end of stdin means stop.
    """

    port: int
    region: str
    account: str
    images: dict[str, Path]
    state: Path | None
    parent_pipe: bool


def serve(options: Options) -> int:
    """Serve until a signal, or the parent's end, says stop.

    Returns:
        Exit code: 0 after an orderly stop, 1 if the port or the state folder cannot be had.
    """
    from werkzeug.serving import ThreadedWSGIServer

    _c_library("mallopt", M_ARENA_MAX, ARENAS)
    stop = _stop_event(parent_pipe=options.parent_pipe)
    try:
        # Clients that come early wait in the socket's queue until the gateway is loaded.
        server = ThreadedWSGIServer(HOST, options.port, _not_ready)
    except SystemExit:  # werkzeug's way to say that the address is in use
        return _give_up(f"cannot listen on {HOST}:{options.port}: the port is taken; try another")
    except OSError as error:
        return _give_up(f"cannot listen on {HOST}:{options.port}: {error.strerror}")
    try:
        state = State(options.state) if options.state else None
    except StateError as error:
        return _give_up(str(error))
    with work_folder() as work:
        world = World(
            url=f"http://{HOST}:{server.server_port}",
            region=options.region,
            account=options.account,
            images=options.images,
            workdir=work,
            state=options.state,
        )
        try:
            _serve(world, server, state, stop)
        except StateError as error:
            world.close()
            return _give_up(str(error))
    return 0


def _serve(world: World, server: Any, state: State | None, stop: threading.Event) -> None:
    _prepare_environment(world)
    for path in WARM_BESIDE:
        threading.Thread(target=_warm_beside, args=(world, path), daemon=True).start()
    gateway = _gateway(world)
    server.app, server.RequestHandlerClass = gateway, _handler()
    threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
    if state is not None:
        state.load(world)
        world.closing.append(lambda: state.save(world))
    _announce(world)
    threading.Thread(target=_warm, args=(gateway,), daemon=True).start()
    stop.wait()
    # Jobs send their last lines, and S3 is read, so the socket closes after them.
    world.close()
    server.shutdown()
    server.server_close()
    if state is not None:
        state.close()


def _stop_event(*, parent_pipe: bool) -> threading.Event:
    """An event set by SIGTERM, SIGINT or, if asked for, the end of stdin."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if parent_pipe:
        threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    return stop


def _give_up(reason: str) -> int:
    sys.stderr.write(f"batcat local: {reason}\n")
    return 1


def _announce(world: World) -> None:
    ready = {"url": world.url, "region": world.region, "account": world.account}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


def _not_ready(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise NotImplementedError


def _warm_beside(world: World, path: str) -> None:
    try:
        load(path)(world)
    except Exception:
        if not world.stopping.is_set():  # what stops now need not be ready
            raise


def _warm(gateway: Gateway) -> None:
    """Load the slow parts in the background, then give back what loading them took."""
    gateway.warm()
    gc.collect()
    gc.freeze()
    _c_library("malloc_trim", 0)


def _c_library(function: str, *arguments: int) -> None:
    """Call a function of glibc; other C libraries do without."""
    with suppress(OSError, AttributeError):
        getattr(ctypes.CDLL(None), function)(*arguments)


def _gateway(world: World) -> Gateway:
    """Import everything the first request needs, in this thread.

    moto's packages import each other in circles, so two threads must not enter them at once.
    """
    leave_out_ec2()
    import moto.core.parse
    import moto.core.routing
    import moto.core.serialize
    import moto.moto_server.werkzeug_app  # noqa: F401 - imported for the effect

    from .gateway import Gateway

    return Gateway(world)


def _handler() -> type[MotoRequestHandler]:
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    class Handler(MotoRequestHandler):
        """moto's, which keeps underscores in S3 metadata names; says nothing of each request."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Stay quiet."""

    return Handler


def _prepare_environment(world: World) -> None:
    """Point every boto3 client of this process, moto's own included, at this server."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in PROXIES:
            del os.environ[name]
    os.environ.update(
        world.environment(),
        MOTO_PORT=world.url.rpartition(":")[2],
        MOTO_ACCOUNT_ID=world.account,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )


def _watch_parent(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()
