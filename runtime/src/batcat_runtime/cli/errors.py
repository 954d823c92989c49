"""Errors as sentences, and their exit codes."""

import functools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import typer

from batcat_runtime.errors import BatCatError, DeployError, ExecutionError, ServiceError

from .screen import Screen

OK = 0
FAILED = 1
"""The execution or the deployment did not succeed."""
USAGE = 2
"""The command, the configuration or the credentials are wrong; nothing was begun."""
INTERRUPTED = 130
"""Stopped by Ctrl-C, after stopping what was begun."""

Verb = TypeVar("Verb", bound=Callable[..., None])


def reported(verb: Verb) -> Verb:
    """Make a verb end in an exit code and a sentence, whatever happens in it."""

    @functools.wraps(verb)
    def call(*args: Any, **options: Any) -> None:
        # Whoever ends this process politely gets the same clean-up as Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            verb(*args, **options)
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            sys.stderr.write("Stopped.\n")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read along has had enough, as `batcat logs | head` does.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED) from None
        except Exception as error:  # noqa: BLE001 - the edge: nothing may escape as a traceback
            if options.get("debug"):
                traceback.print_exc()
            _report(error, as_json=bool(options.get("as_json")))
            raise typer.Exit(exit_code(error)) from None

    return call  # type: ignore[return-value]  # wraps() keeps the signature typer reads


def exit_code(error: Exception) -> int:
    """Tell a failure of what was run from a mistake in how it was asked for."""
    if isinstance(error, BatCatError) and not isinstance(
        error, (DeployError, ExecutionError, ServiceError)
    ):
        return USAGE
    return FAILED


def sentence(error: Exception) -> str:
    """Say what an error means to somebody who does not know this code."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, BatCatError):
        return str(error)
    if isinstance(error, (ClientError, BotoCoreError)):
        return f"AWS refused: {error}"
    return f"{type(error).__name__}: {error} (not expected: --debug shows where; please report it)"


def _report(error: Exception, *, as_json: bool) -> None:
    from batcat_runtime.deploy.failure import RunFailedError

    if isinstance(error, RunFailedError):
        return  # the view of the run has shown it
    sys.stderr.write(f"Error: {sentence(error)}\n")
    Screen(as_json=as_json).answer({"status": "ERROR", "error": sentence(error)})
