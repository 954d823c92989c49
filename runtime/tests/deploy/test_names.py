"""Names fit what AWS allows, or are refused before anything is made."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcat_runtime.deploy import names
from batcat_runtime.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
WORDS = st.text("abcxyz019-", min_size=1, max_size=60)
ANYTHING = st.text(min_size=1, max_size=90)


def made_or_refused(make: Callable[[str, str], str], project: str, purpose: str) -> str | None:
    """The name, or None when it is refused with a ConfigError; anything else is a bug."""
    try:
        return make(project, purpose)
    except ConfigError:
        return None


def test_names_are_the_ones_that_users_of_batcat_know() -> None:
    assert names.state_machine("2026-a", "b") == "WORKFLOW-2026-A-B"
    assert names.run("2026-a", "b", WHEN) == "2026-a-b-20260102030405"
    assert names.job("2026-a-b-20260102030405", "c_d") == "2026-a-b-20260102030405-c-d"
    assert names.trigger_function("2026-a", "b") == "2026-a-b-trigger"
    assert names.repository("2026-A", "b") == "2026-a-b"
    assert names.stack("2026-a", "b") == "batcat-2026-a-b"
    assert names.artifact_bucket("1" * 12, "eu-west-1") == "batcat-artifacts-111111111111-eu-west-1"


@given(project=ANYTHING, purpose=ANYTHING)
@pytest.mark.parametrize(
    ("make", "longest", "pattern"),
    [
        (names.state_machine, 80, r"[A-Za-z0-9_-]+"),
        (names.stack, 128, r"[a-zA-Z][-a-zA-Z0-9]*"),
        (names.trigger_function, 64, r"[a-zA-Z0-9_-]+"),
        (names.repository, 256, r"[a-z0-9]+([._/-][a-z0-9]+|__[a-z0-9]+|-+[a-z0-9]+)*"),
        (lambda a, b: names.run(a, b, WHEN), 80, r"[A-Za-z0-9_-]+"),
        (names.job, 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
    ],
)
def test_a_name_is_either_allowed_by_aws_or_refused(
    make: Callable[[str, str], str], longest: int, pattern: str, project: str, purpose: str
) -> None:
    name = made_or_refused(make, project, purpose)
    assert name is None or len(name) <= longest
    assert name is None or re.fullmatch(pattern, name, re.ASCII)


@given(project=WORDS, purpose=WORDS, step=WORDS)
def test_the_temporary_state_machine_always_fits(project: str, purpose: str, step: str) -> None:
    project, purpose = project[:30], purpose[:30]
    run = names.run(project, purpose, WHEN)
    name = names.step_state_machine(project, purpose, step, run)
    assert len(name) <= 80
    assert name != names.state_machine(project, purpose)


def test_temporary_state_machines_of_long_names_differ() -> None:
    made = {names.step_state_machine("a" * 30, "b" * 30, step, "run") for step in ("one", "two")}
    assert len(made) == 2


def test_a_name_that_is_too_long_says_by_how_much_and_what_to_shorten() -> None:
    with pytest.raises(ConfigError, match=r"has 86 characters; AWS allows 63: shorten project"):
        names.job("a" * 80, "clean")


@pytest.mark.parametrize("name", ["ab", "Upper", "a..b", "192.168.1.1", "a_b", "-a-", "x" * 64])
def test_a_bucket_name_that_s3_refuses_is_refused_here(name: str) -> None:
    with pytest.raises(ConfigError, match="bucket"):
        names.BUCKET.check(name)
