"""A rehearsal: everything that the project does in AWS, once, where nothing can break.

Deployed, run, started by the trigger, and failed on purpose; then what the roles were denied. Every
part really happens, so whoever changed the project hears of it before anybody else does.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.errors import BatCatError, DeployError, ExecutionError

from . import execution
from .apply import apply
from .audit import read_audit
from .beginnings import begun
from .history import Ended, StateEvent
from .plan import make_plan
from .polling import pauses
from .run import Run
from .run_plan import prepare
from .stack import deployed_stack
from .status import past_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .audit import Audit
    from .project import Project


PATIENCE = 60
"""How long an object or a schedule has to start a run, in seconds."""
_TRIES = 5
_REPORT = "Report"
"""The state that says who failed, in the template's workflow."""


@dataclass(frozen=True)
class Part:
    """One part of a rehearsal.

    Attributes:
        name: what was rehearsed.
        failed: whether it went wrong.
        text: how it went.
    """

    name: str
    failed: bool
    text: str


class Rehearsal:
    """A project being rehearsed on a local AWS.

    Args:
        project: the project in environment ``local``.
        source: input of its runs; None takes what a run takes.
        endpoint: the local AWS.

    Attributes:
        audit: what the roles were granted and used; None until the last part.
    """

    def __init__(self, project: Project, source: str | None, endpoint: str) -> None:
        self.audit: Audit | None = None
        self._project, self._source, self._endpoint = project, source, endpoint
        self._input = ""

    def parts(self) -> Iterator[Part]:
        """Rehearse; gives each part when it is over, and ends with the first that went wrong."""
        parts: dict[str, Callable[[], str]] = {
            "deploy": self._deploy,
            "run": self._run,
            "trigger": self._start_by_trigger,
            "failure": self._fail,
            "rights": self._look_at_rights,
        }
        for name, part in parts.items():
            try:
                text = part()
            except BatCatError as error:
                yield Part(name, True, str(error))
                return
            yield Part(name, False, text)

    def _deploy(self) -> str:
        plan = make_plan(self._project)
        for _ in apply(plan):
            pass
        again = make_plan(self._project)
        if not again.is_empty:
            names = ", ".join(change.logical for change in again.changes)
            raise DeployError(f"deploying it again would change {names}; it should change nothing")
        return f"{len(plan.changes)} resources, and none to change when deployed again"

    def _run(self) -> str:
        with closing(Run(prepare(self._project, source=self._source))) as this:
            files = this.make()
            self._input = this.plan.input_prefix
            return f"{this.plan.run} published {_counted(files)}"

    def _start_by_trigger(self) -> str:
        before = self._runs()
        with begun(self._project, self._input) as what:
            if what:
                run = self._new_run(before, what)
            else:
                run = self._invoke({"InputPath": self._input} if self._input else {})
            last = _end(self._follow(run))
        if last.status != "SUCCEEDED":
            raise ExecutionError(f"{run}, started by the trigger, {last.status}: {last.cause}")
        return f"{what or 'an invocation'} started {run}, which succeeded"

    def _runs(self) -> set[str]:
        return {past.run for past in past_runs(self._machine, self._project.region)}

    def _new_run(self, before: set[str], what: str) -> str:
        """Name of the run that something else starts."""
        for _ in pauses(PATIENCE):
            if new := self._runs() - before:
                return new.pop()
        denied = self._denied()
        raise ExecutionError(
            f"{what} started no run within {PATIENCE} s. "
            + (f"Denied were: {denied}" if denied else "See the trigger's log and dead letters")
        )

    def _fail(self) -> str:
        if not self._project.reads_files:
            return "left out: a step that reads no files has no input to miss"
        run = self._start_on_nothing()
        events = self._follow(run)
        status = _end(events).status
        if status != "FAILED":
            raise ExecutionError(f"{run} had no input at all, and yet it {status}")
        reported = any(
            isinstance(event, StateEvent) and (event.state, event.kind) == (_REPORT, "succeeded")
            for event in events
        )
        how = "was reported" if reported else f"was reported to nobody (no state {_REPORT})"
        return f"{run}, without any input, failed and {how}"

    def _start_on_nothing(self) -> str:
        """Start a run without input; a run of the trigger may have the name of this second."""
        nothing = f"{self._project.result_path}/run-input/nothing/"
        for left in reversed(range(_TRIES)):
            run = execution.new_run(self._project)  # a later second each time
            try:
                execution.start(self._project, self._machine, run, nothing)
            except ExecutionError:
                if not left:
                    raise
            else:
                break
        return run

    def _look_at_rights(self) -> str:
        denied = self._denied()
        if denied:
            raise DeployError(f"{denied}. Add what is missing to deploy/template.yaml")
        grants = self.audit.grants if self.audit else ()
        return f"{len(grants)} statements of the roles, and nothing was denied"

    def _denied(self) -> str:
        self.audit = read_audit(self._project, self._endpoint)
        return "; ".join(
            f"{one.role.rpartition('/')[2]} may not {one.action} on {one.resource}"
            for one in self.audit.denials
        )

    @cached_property
    def _outputs(self) -> dict[str, str]:
        return deployed_stack(self._project).outputs

    @property
    def _machine(self) -> str:
        return self._outputs["StateMachineArn"]

    def _invoke(self, event: dict[str, Any]) -> str:
        """Invoke the trigger; name of the run that it started."""
        function = self._outputs["TriggerFunctionName"]
        with aws.explained(f"invoke {function}", "deploy it"):
            answer = aws.client("lambda", self._project.region).invoke(
                FunctionName=function, Payload=json.dumps(event).encode()
            )
        told = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise ExecutionError(f"{function} failed: {told.get('errorMessage', told)}")
        runs = told.get("executions") if isinstance(told, dict) else None
        if not runs:
            raise ExecutionError(
                f"{function} answered {json.dumps(told)[:200]}; it must name the runs that it "
                'started: {"executions": [...]}'
            )
        return str(runs[0])

    def _follow(self, run: str) -> list[StateEvent | Ended]:
        arn = f"{self._machine.replace(':stateMachine:', ':execution:')}:{run}"
        events = execution.follow(execution.Execution(arn, run, self._project.region))
        return [event for event in events if event is not None]


def _end(events: list[StateEvent | Ended]) -> Ended:
    return next(event for event in reversed(events) if isinstance(event, Ended))


def _counted(files: list[Path]) -> str:
    return f"{len(files)} {'file' if len(files) == 1 else 'files'}"
