"""``States.ALL`` catches and retries everything but what AWS lets nobody survive.

``States.DataLimitExceeded`` and ``States.Runtime`` are not among what it matches:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
)

from batcat_runtime.emulator.patching import replace

NEVER_MATCHED = ("States.DataLimitExceeded", "States.Runtime")


def patch() -> None:
    """Replace how the engine looks an error up in ErrorEquals."""
    evaluate = ErrorEqualsDecl._eval_body  # noqa: SLF001 - the patch

    def eval_body(self: Any, env: Any) -> None:
        error = env.stack[-1]
        if error is not None and error.error_name in NEVER_MATCHED:
            env.stack.pop()
            env.stack.append(error in self.error_names)
        else:
            evaluate(self, env)

    replace(ErrorEqualsDecl, _eval_body=eval_body)
