"""Resources are made after what they need."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcat_runtime.emulator.cloudformation.errors import ValidationError
from batcat_runtime.emulator.cloudformation.graph import ordered

NAMES = st.text("abcdefgh", min_size=1, max_size=3)


@given(st.dictionaries(NAMES, st.sets(NAMES, max_size=3), max_size=8))
def test_each_follows_what_it_needs(wishes: dict[str, set[str]]) -> None:
    # Only names that come earlier may be needed, so there is no circle.
    names = list(wishes)
    needs = {name: frozenset(wishes[name] & set(names[:index])) for index, name in enumerate(names)}
    order = ordered(needs)
    assert sorted(order) == sorted(names)
    for name in names:
        assert all(order.index(other) < order.index(name) for other in needs[name])


def test_a_circle_is_named_without_what_hangs_on_it() -> None:
    needs = {
        "A": frozenset("B"),
        "B": frozenset("A"),
        "C": frozenset("B"),
        "D": frozenset[str](),
    }
    with pytest.raises(ValidationError, match=re.escape("between resources: [A, B]")):
        ordered(needs)
