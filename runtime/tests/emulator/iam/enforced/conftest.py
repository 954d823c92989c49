"""Sessions of roles that may do what a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from runtime.tests.emulator.iam.enforced.acting import Acting

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws


@pytest.fixture
def acting(aws: LocalAws, unique: Callable[[str], str]) -> Callable[..., Acting]:
    """Makes a role."""
    return lambda *statements, **more: Acting(aws, unique("acting"), *statements, **more)
