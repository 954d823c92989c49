"""Extension of moto's IAM: the policies that AWS itself manages are there to be attached.

moto knows them but leaves them out by default; a role that attaches AWSLambdaBasicExecutionRole,
as every SAM function does, would fail.
"""

from __future__ import annotations

from threading import Lock

_LOCK = Lock()


def is_managed_by_aws(arn: str) -> bool:
    """Whether a policy ARN names one of AWS's own."""
    return ":iam::aws:policy/" in arn


def provide(account: str, partition: str) -> None:
    """Add AWS's policies to the account's IAM, once."""
    from moto.core.config import default_user_config
    from moto.iam.models import iam_backends

    with _LOCK:
        default_user_config["iam"] = {"load_aws_managed_policies": True}
        backend = iam_backends[account][partition if partition != "aws" else "global"]
        if not backend.aws_managed_policies:
            backend.aws_managed_policies = backend._init_aws_policies()  # noqa: SLF001 - see above
            backend.managed_policies.update(backend._init_managed_policies())  # noqa: SLF001
