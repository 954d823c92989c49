"""One run from input to result: upload → start → follow → fetch.

:func:`batcat_runtime.deploy.run_plan.prepare` decides what would be done; :class:`Run` does it, one
act a method, so that whoever shows it can say what is going on.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from batcat_runtime.errors import ConfigError, ExecutionError

from . import data, execution, failure, logs, names
from .history import Ended, StateEvent
from .run_plan import RunPlan, prepare
from .single_step import step_state_machine
from .stack import deployed_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

TAIL_LINES = 20
"""How much of its log a failed step shows, in lines."""


class Run:
    """A run being made; ``contextlib.closing`` sees that nothing temporary is left behind.

    Args:
        plan: from :func:`batcat_runtime.deploy.run_plan.prepare`.

    Attributes:
        plan: as given, but for the run's name when another run has it.
        execution: the execution, once started.
        events: everything that was followed so far.
        limit: how long it may take, in seconds; longer, it is stopped. None lets it take its time.
    """

    def __init__(self, plan: RunPlan) -> None:
        self.plan = plan
        self.execution: execution.Execution | None = None
        self.events: list[StateEvent | Ended] = []
        self.limit: float | None = None
        self._temporary = ExitStack()
        self._state_machine = ""
        self._is_open = False

    def upload(self) -> int:
        """Bring the input to where the first step reads it; returns how many files were moved.

        On the local AWS that includes the tables that it queries.

        Raises:
            MissingError: nothing is deployed, or there is no input.
        """
        self.open()
        plan = self.plan
        if plan.sample:
            from .seed import fill  # pandas and more, which no other run needs

            fill(plan.project, Path(plan.sample))
        if not plan.input_prefix:
            return 0
        if not plan.source.startswith("s3://"):
            return data.upload_input(plan.source, plan.input_prefix, plan.project.region)
        if plan.source != plan.input_prefix:
            return data.copy_input(plan.source, plan.input_prefix, plan.project.region)
        return 0

    def start(self) -> None:
        """Start the execution."""
        plan = self.plan
        machine = self._find()
        if plan.step:
            machine = self._temporary.enter_context(
                step_state_machine(plan.project, machine, plan.step, plan.run)
            )
        self.execution = execution.start(plan.project, machine, plan.run, plan.input_prefix)

    def follow(self) -> Iterator[StateEvent | Ended | None]:
        """Follow the execution; see :func:`batcat_runtime.deploy.execution.follow`.

        Raises:
            ExecutionError: it took longer than its limit, and is stopped.
            RunFailedError: it did not succeed.
        """
        if self.execution is None:
            raise ConfigError("the run has not begun; call start() first")
        began = time.monotonic()
        for event in execution.follow(self.execution):
            if event is not None:
                self.events.append(event)
            yield event
            if self.limit and time.monotonic() - began > self.limit:
                self.stop()
                raise ExecutionError(
                    f"run {self.plan.run} took longer than {self.limit / 60:g} minutes, which is "
                    "its limit; it is stopped"
                )
        if not self.succeeded:
            raise failure.explain(self.plan.run, self.events, self._tail, self._command)

    @property
    def succeeded(self) -> bool:
        """Whether the whole execution has succeeded."""
        last = self.events[-1] if self.events else None
        return isinstance(last, Ended) and last.status == "SUCCEEDED"

    def make(self) -> list[Path]:
        """Make it from input to result without showing anything; returns the result's files.

        Raises:
            RunFailedError: it did not succeed.
        """
        self.upload()
        self.start()
        for _ in self.follow():
            pass
        return self.fetch()

    def fetch(self) -> list[Path]:
        """Fetch the result, of an execution that succeeded; returns its files.

        A whole run has a result once it is marked so, and one without files is a result, too.

        Raises:
            RunFailedError: the workflow published nothing, or a step that ran alone left no file.
        """
        if not self.succeeded:
            raise ConfigError("only a run that succeeded has a result")
        plan = self.plan
        if not plan.step:
            self._check_published()
        try:
            return data.fetch_result(
                plan.result_prefix,
                plan.destination,
                plan.project.region,
                may_be_empty=not plan.step,
            )
        except data.NothingThereError as error:
            job = names.job(plan.run, plan.step)
            raise failure.RunFailedError(
                plan.run,
                "FAILED",
                step=plan.step,
                job=job,
                reason=f"it ended well but wrote no file to its output folder ({error})",
                log=tuple(self._tail(job)),
                advice=(
                    f"let it write its result: bc.write_table(…) in script/{plan.step}.py",
                    f"run it alone: python script/{plan.step}.py",
                ),
            ) from error

    def _check_published(self) -> None:
        """Make sure that the workflow marked the run's result as one."""
        plan = self.plan
        mark = f"{plan.project.result_path}/{plan.run}/.success"
        if not data.exists(mark, plan.project.region):
            raise failure.RunFailedError(
                plan.run,
                "FAILED",
                reason=f"its steps ended well, but nothing was published: there is no {mark}",
                advice=("let the workflow end in MarkSuccess: copier update --defaults",),
            )

    def stop(self) -> None:
        """Stop the execution and its jobs, if it runs."""
        if self.execution and not any(isinstance(event, Ended) for event in self.events):
            execution.stop(self.execution)

    def open(self) -> None:
        """Find the state machine, and make the run's name this run's alone.

        A name is only as fine as a second; when another run has it, a later one is taken.

        Raises:
            MissingError: nothing is deployed.
        """
        self._find()
        while not self._is_open:
            self._is_open = execution.claim(self.plan.project, self.plan.run)
            if not self._is_open:
                plan = self.plan
                self.plan = prepare(plan.project, source=plan.source, step=plan.step or None)

    def _find(self) -> str:
        """Find the state machine; returns its ARN."""
        if not self._state_machine:
            self._state_machine = deployed_stack(self.plan.project).outputs["StateMachineArn"]
        return self._state_machine

    def _command(self, verb: str, step: str) -> str:
        """Command that runs a step again with the same input, or shows its log."""
        plan = self.plan
        if verb == "logs":
            # The tail of a local log has been read already; only an account may refuse it.
            option = plan.project.option
            return f"batcat logs {step} --run {plan.run}{option}" if option else ""
        usual = str(data.default_input(plan.project, plan.step or None))
        given = "" if plan.source in {"", usual} else f" --input {plan.source}"
        # Only the first step to run can be given its input again; later ones read from others.
        alone = f" --step {step}" if step == (plan.step or plan.project.steps[0]) else ""
        return f"batcat run{alone}{given}{plan.project.option}"

    def _tail(self, job: str) -> list[str]:
        return logs.tail(job, self.plan.project.region, TAIL_LINES)

    def close(self) -> None:
        """Remove what was made for this run only."""
        if self._is_open:
            execution.release(self.plan.project, self.plan.run)
            self._is_open = False
        self._temporary.close()
