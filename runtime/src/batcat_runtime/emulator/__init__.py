"""The local AWS: one loopback process that answers boto3 calls and runs the jobs for real.

``python -m batcat_runtime.emulator`` serves; :class:`LocalAws` starts and stops such a process.
Nothing heavy is imported here: moto, werkzeug and boto3 live in the server process.
"""

from __future__ import annotations

from .local import LocalAws

__all__ = ["LocalAws"]
