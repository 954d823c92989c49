"""``python -m batcat_runtime.cli`` is ``batcat``."""

from __future__ import annotations

from . import app

app()
