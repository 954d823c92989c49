"""What moto answers here, operation by operation.

Only operations that moto carries out honestly are listed; every other is refused by name,
and so is a parameter that moto accepts and then forgets.
"""

from __future__ import annotations

MOTO_OPERATIONS: dict[str, frozenset[str] | None] = {
    "s3": None,
    "iam": None,
    "sts": None,
    "logs": None,
    "stepfunctions": None,
    "events": None,
}
"""Service to its allowed operations."""
