"""A Task state ends at once when its time is up or its execution is stopped.

moto waits for the task's thread even when the execution has been stopped, then reports the
task's end in the history and may turn an aborted execution into a failed one.
"""

from __future__ import annotations

import copy
import time
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.utils import boto_client

from batcat_runtime.emulator.patching import replace

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_SECONDS = 0.05
"""How often a waiting state looks whether its execution was stopped, in seconds."""
LONGEST_PAUSE = 0.5
"""How often a state asks at least whether its job has ended, in seconds."""


def pause(env: Any, started: float) -> None:
    """Wait before asking again: short at first, then longer, never past the execution's end.

    Args:
        env: the engine's environment of the state.
        started: ``time.monotonic()`` when the state began to ask.
    """
    now = time.monotonic()
    until = now + min(LONGEST_PAUSE, LOOK_SECONDS + (now - started) / 20)
    while env.is_running() and (left := until - time.monotonic()) > 0:
        time.sleep(min(LOOK_SECONDS, left))


def service_task(call: Callable[[Any, Callable[[str], Any], dict[str, Any]], Any]) -> Any:
    """The engine's method that carries out a Task state, made of a function.

    Args:
        call: given the engine's task, what makes a client of a service that acts as the state's
            role, and the state's parameters; returns the output.
    """

    def eval_service_task(
        self: Any,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        def client(service: str) -> Any:
            region = resource_runtime_part.region
            return boto_client.boto_client_for(region, service, state_credentials)

        env.stack.append(call(self, client, normalised_parameters))

    return eval_service_task


def patch() -> None:
    """Replace how the engine waits for a task."""
    replace(ExecutionState, _evaluate_with_timeout=_evaluate_with_timeout)


class _Run(Thread):
    """One attempt at a task, in a frame of its own."""

    def __init__(self, state: Any, frame: Any) -> None:
        super().__init__(daemon=True)
        self.state = state
        self.frame = frame
        self.output: list[Any] = []
        self.error: Exception | None = None
        self.done = Event()

    def run(self) -> None:
        try:
            self.state._eval_execution(self.frame)  # noqa: SLF001 - the engine's own method
            self.output = self.frame.stack[-1:]
        except Exception as error:  # noqa: BLE001 - the waiting state decides what it means
            self.error = error
        self.done.set()


def _evaluate_with_timeout(self: Any, env: Any) -> None:
    self.timeout.eval(env=env)
    deadline = time.monotonic() + env.stack.pop()
    frame = env.open_frame()
    frame.states.reset(input_value=env.states.get_input())
    frame.stack = copy.deepcopy(env.stack)
    run = _Run(self, frame)
    run.start()
    while not run.done.wait(min(LOOK_SECONDS, max(0.0, deadline - time.monotonic()))):
        if not env.is_running() or time.monotonic() >= deadline:
            break
    finished = run.done.is_set()
    frame.set_ended()
    env.close_frame(frame)
    if not env.is_running():
        env.stack.append(None)
        return
    if run.error is not None:
        raise run.error
    if not finished:
        raise EvalTimeoutError
    _take_output(self, env, run.output[0])


def _take_output(state: Any, env: Any, output: Any) -> None:
    """Apply Assign, ResultSelector and ResultPath to the task's output."""
    env.stack.append(output)
    if not state._is_language_query_jsonpath():  # noqa: SLF001 - the engine's own method
        env.states.set_result(output)
    if state.assign_decl:
        state.assign_decl.eval(env=env)
    if state.result_selector:
        state.result_selector.eval(env=env)
    if state.result_path:
        state.result_path.eval(env)
    else:
        env.states.reset(input_value=env.stack.pop())
