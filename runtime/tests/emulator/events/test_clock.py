"""The clock calls what is due, in order, and nothing that was taken off."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from batcat_runtime.emulator.events.clock import SPEED, Clock, real_now

if TYPE_CHECKING:
    import pytest

START = datetime(2026, 11, 21, 8, tzinfo=timezone.utc)


class Turned:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.time = START
        self.clock = Clock(lambda: self.time)
        self.called: list[tuple[str, datetime]] = []

    def at(self, key: str, seconds: int, every: int | None = None) -> None:
        """Put something on the clock, once or repeatedly."""

        def action(when: datetime) -> datetime | None:
            self.called.append((key, when))
            return when + timedelta(seconds=every) if every else None

        self.clock.set(key, START + timedelta(seconds=seconds), action)

    def turn(self, seconds: int) -> list[str]:
        """Move the hands and let the clock act; returns everything called so far."""
        self.time = START + timedelta(seconds=seconds)
        self.clock.tick()
        return [key for key, _ in self.called]


def test_what_is_due_is_called_in_order_of_time() -> None:
    turned = Turned()
    turned.at("late", 20)
    turned.at("early", 10)
    assert turned.turn(5) == []
    assert turned.turn(30) == ["early", "late"]
    assert turned.turn(60) == ["early", "late"]
    assert turned.called[0][1] == START + timedelta(seconds=10)


def test_an_action_says_when_it_is_due_next() -> None:
    turned = Turned()
    turned.at("beat", 10, every=10)
    assert turned.turn(35) == ["beat"] * 3
    assert turned.clock.tick() == 5


def test_what_is_taken_off_or_replaced_is_not_called() -> None:
    turned = Turned()
    turned.at("a", 10)
    turned.clock.set("a", None, lambda _: None)
    turned.at("b", 10)
    turned.at("b", 50)
    assert turned.turn(20) == []
    assert turned.turn(50) == ["b"]


def test_an_action_that_fails_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: datetime) -> datetime | None:
        raise RuntimeError("broken")

    turned = Turned()
    turned.clock.set("bad", START, fail)
    turned.at("good", 1)
    assert turned.turn(2) == ["good"]
    assert "broken" in capsys.readouterr().err


def test_the_thread_wakes_for_what_is_set_while_it_sleeps() -> None:
    clock = Clock()
    clock.start()
    clock.start()
    called = threading.Event()

    def action(_: datetime) -> None:
        called.set()

    clock.set("now", clock.now(), action)
    assert called.wait(10)
    clock.stop()


def test_time_can_run_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SPEED, "1000000")
    now = real_now()
    first = now()
    assert now() > first
    assert now().tzinfo is timezone.utc
