"""What this project adds to moto: one module per extension, each with an ``install(world)``.

An extension is applied once, before the first request to its service reaches moto.
"""

from __future__ import annotations

_HERE = "batcat_runtime.emulator"

EXTENSIONS: dict[str, tuple[str, ...]] = {
    "ecr": (f"{_HERE}.ecr:install",),
    "events": (f"{_HERE}.events:install",),
    "iam": (f"{_HERE}.iam:install",),
    # S3 sends its notifications through EventBridge, so the events extension covers it too.
    "s3": (f"{_HERE}.events:install", f"{_HERE}.s3:install"),
    "logs": (f"{_HERE}.logs:install",),
    "sns": (f"{_HERE}.sns:install",),
    "sqs": (f"{_HERE}.sqs:install",),
    "sts": (f"{_HERE}.iam.sessions:install", f"{_HERE}.iam.web_identity:install"),
    "stepfunctions": (f"{_HERE}.stepfunctions:install",),
}

WARM_MOTO = ("moto.stepfunctions.parser.models",)
WARM_BESIDE = (f"{_HERE}.cloudformation.checker:warm",)
"""Functions that load a process of their own; called with the world when the server starts."""
