"""Generated names fit, differ, and say whose they are."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from batcat_runtime.emulator.cloudformation.resources.base import Task

REGION = "us-east-1"


@given(
    st.text("ab-", min_size=1, max_size=128),
    st.text("CD1", min_size=1, max_size=255),
    st.sampled_from([63, 64, 80, 100]),
    st.booleans(),
)
def test_they_fit_their_limit_and_differ(
    stack: str, logical: str, limit: int, with_stack: bool
) -> None:
    task = Task(lambda _: None, REGION, "1", "aws", "x", stack, logical, lambda _: None)
    first, second = (task.name(limit, stack=with_stack) for _ in range(2))
    assert len(first) <= limit
    assert first != second


def test_they_say_whose_they_are() -> None:
    task = Task(lambda _: None, REGION, "1", "aws", "x", "my-stack", "Data", lambda _: None)
    assert re.fullmatch(r"my-stack-data-[a-z0-9]{12}", task.name(63, lower=True))
