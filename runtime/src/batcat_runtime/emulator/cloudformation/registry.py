"""The stacks there are, and what every operation needs of them."""

from __future__ import annotations

import re
import threading
import traceback
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.gateway import current_request
from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.world import partition_of

from . import checker
from .errors import ValidationError, stack_missing
from .model import Place
from .state import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator.world import World

    from .model import Output

PRINCIPAL, SESSION = "cloudformation.amazonaws.com", "AWSCloudFormation"
"""The service, and the name of its sessions of a stack's role, as its denials show it."""

GONE = "DELETE_COMPLETE"
UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
)
STACK_NAME = re.compile("[a-zA-Z][-a-zA-Z0-9]{0,127}")
"""Source: CreateStack, StackName, in the CloudFormation API reference."""
PATIENCE = 60.0
"""Longest wait, in seconds, of DeleteStack for the operation before it."""


class Registry:
    """Stacks by region, with the threads that work on them.

    Args:
        world: what every service shares.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._stacks: list[tuple[str, Stack]] = []
        self._lock = threading.RLock()
        # A template follows soon; its checker takes a second or two to load.
        threading.Thread(target=checker.warm, args=(world,), daemon=True).start()

    def place(self) -> Place:
        """Where the request at hand is for."""
        region = current_request().region
        return Place(region, self._world.account, partition_of(region))

    def client(self, region: str, role: str | None = None) -> Callable[[str], Any]:
        """A maker of clients in one region.

        Args:
            region: where they call.
            role: the stack's, with whose rights they call; else it is with the caller's.
        """
        key, via = current_request().key, PRINCIPAL
        if role:
            key, via = self._world.session(role, SESSION).key, ""
        return lambda service: self._world.client(service, region, key, via)

    def stacks(self) -> list[Stack]:
        """Every stack of the request's region, the newest first, deleted ones too."""
        region = current_request().region
        with self._lock:
            return [stack for where, stack in reversed(self._stacks) if where == region]

    def find(self, name: str) -> Stack | None:
        """A stack by name, if it is not deleted, or by id."""
        for stack in self.stacks():
            if name == stack.id or (name == stack.name and stack.status != GONE):
                return stack
        return None

    def get(self, name: str) -> Stack:
        """A stack by name or id.

        Raises:
            ValidationError: there is none.
        """
        stack = self.find(name)
        if stack is None:
            raise stack_missing(name)
        return stack

    def updatable(self, name: str) -> Stack:
        """A stack that an update may start from.

        Raises:
            ValidationError: there is none, or its status does not allow it.
        """
        stack = self.find(name)
        if stack is None or stack.status == GONE:
            raise ValidationError(f"Stack [{name}] does not exist")
        if stack.status not in UPDATABLE:
            raise ValidationError(
                f"Stack:{stack.id} is in {stack.status} state and can not be updated."
            )
        return stack

    def new(self, name: str, stack_id: str) -> Stack:
        """Register a stack.

        Raises:
            ValidationError: CloudFormation would not take the name.
            ServiceError: another request was quicker.
        """
        if not STACK_NAME.fullmatch(name):
            raise ValidationError(
                f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy "
                f"constraint: Member must satisfy regular expression pattern: {STACK_NAME.pattern}"
            )
        stack = Stack(stack_id, name, datetime.now(timezone.utc))
        with self._lock:
            if self.find(name):
                raise ServiceError("AlreadyExistsException", f"Stack [{name}] already exists")
            self._stacks.append((current_request().region, stack))
        return stack

    def new_id(self, kind: str, name: str) -> str:
        """An ARN that nothing else has."""
        return self._world.arn("cloudformation", f"{kind}/{name}/{uuid4()}", self.place().region)

    def exported(self, asking: str) -> Callable[[str], str]:
        """Values of the other stacks' exports, by name."""
        values = {
            output.export: output.value
            for stack in self.stacks()
            if stack.status != GONE and stack.id != asking
            for output in stack.outputs
            if output.export
        }

        def value(name: str) -> str:
            if name not in values:
                raise ValidationError(f"No export named {name} found.")
            return values[name]

        return value

    def check_exports(self, stack: Stack, outputs: list[Output]) -> None:
        """Refuse to export a name twice, or to drop a name that another stack imports.

        Raises:
            ValidationError: as above.
        """
        names = {output.export for output in outputs if output.export}
        dropped = {output.export for output in stack.outputs if output.export} - names
        for other in self.stacks():
            if other.id == stack.id or other.status == GONE:
                continue
            for output in other.outputs:
                if output.export in names:
                    raise ValidationError(
                        f"Export with name {output.export} is already exported by stack "
                        f"{other.name}. Rollback requested by user."
                    )
            used = sorted(dropped & (other.model.imports if other.model else frozenset()))
            if used:
                raise ValidationError(
                    f"Export {used[0]} cannot be deleted as it is in use by {other.name}"
                )

    def start(self, stack: Stack, failed_status: str, work: Callable[[], None]) -> None:
        """Work on a stack in the background; a mistake of ours ends in ``failed_status``."""

        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the stack must not stay in progress
                traceback.print_exc()
                reason = f"batcat local failed: {type(error).__name__}: {error}"
                stack.enter(failed_status, reason)

        threading.Thread(target=run, name=f"stack {stack.name}", daemon=True).start()

    def settle(self, stack: Stack, seconds: float) -> bool:
        """Wait for the operation under way; returns whether it is over."""
        with stack.settled:
            return stack.settled.wait_for(lambda: not stack.busy, timeout=seconds)
