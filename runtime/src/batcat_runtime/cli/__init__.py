"""``batcat``: each verb calls one function of :mod:`batcat_runtime.deploy` or the local AWS.

``options`` are what verbs share · ``screen`` is where words go · ``reached`` is which AWS they
reach · ``errors`` turns errors into sentences and exit codes · one module per verb ·
``views`` draw.
"""

from __future__ import annotations

import sys


def app() -> None:
    """Entry point of the ``batcat`` command."""
    try:
        import rich
        import typer
    except ImportError as error:
        sys.stderr.write(
            f"batcat needs {error.name}; run: pip install 'batcat-runtime[cli,local]'\n"
        )
        sys.exit(2)
    del rich, typer
    from .main import application

    application()
