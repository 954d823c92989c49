"""Operations on change sets."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from . import describe, operations, requests
from .errors import ValidationError, stack_missing
from .registry import GONE
from .stacks import TEMPLATE, Stacks
from .state import ChangeSet, Stack

if TYPE_CHECKING:
    from .model import Model

REVIEW = "REVIEW_IN_PROGRESS"
NO_CHANGES = (
    "The submitted information didn't contain changes. "
    "Submit different information to create a change set."
)
HONOURED = (
    "StackName",
    "ChangeSetName",
    "ChangeSetType",
    "ClientToken",
    "Description",
    "Parameters",
    "Capabilities",
    "Tags",
    "RoleARN",
    "OnStackFailure",
    "UsePreviousTemplate",
    *TEMPLATE,
)


class ChangeSets(Stacks):
    """CreateChangeSet, DescribeChangeSet, ExecuteChangeSet, DeleteChangeSet, ListChangeSets."""

    def create_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        """Plan a change; it is complete, or failed for want of changes, when this returns."""
        requests.only(request, *HONOURED)
        name = request["ChangeSetName"]
        kind = request.get("ChangeSetType") or "UPDATE"
        stack = self._reviewed(request) if kind == "CREATE" else None
        if kind == "UPDATE":
            stack = self.updatable(request["StackName"])
        elif kind != "CREATE":
            raise NotEmulated(f"A change set of type {kind}")
        self.check_role(request.get("RoleARN") or (stack.role if stack else None))
        if stack and name in stack.change_sets:
            raise ServiceError("AlreadyExistsException", f"ChangeSet {name} already exists")
        stack_id = stack.id if stack else self.new_id("stack", request["StackName"])
        model = self.model_for(request, stack_id, stack if kind == "UPDATE" else None)
        requests.check_capabilities(request, model, directly=False)
        if stack is None:
            stack = self.new(request["StackName"], stack_id)
            self.check_exports_or_forget(stack, model)
            stack.enter(REVIEW, "User Initiated")
        change_set = self._planned(stack, request, model, kind)
        stack.change_sets[name] = change_set
        return {"Id": change_set.id, "StackId": stack.id}

    def describe_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        """A change set with one page of its changes."""
        requests.only(request, "ChangeSetName", "StackName", "NextToken")
        stack, change_set = self._find_change_set(request)
        changes, following = requests.page(change_set.changes, request.get("NextToken"))
        return {
            **describe.change_set(stack, change_set),
            "Changes": [describe.change(change) for change in changes],
            **following,
        }

    def list_change_sets(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change sets of a stack that have not been executed."""
        stack = self.get(request["StackName"])
        pending = [c for c in stack.change_sets.values() if not c.execution.startswith("EXECUTE_")]
        found, following = requests.page(pending, request.get("NextToken"))
        summaries = [describe.change_set_summary(stack, each) for each in found]
        return {"Summaries": summaries, **following}

    def execute_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry a change set out in the background; the stack's others are dropped."""
        requests.only(
            request,
            "ChangeSetName",
            "StackName",
            "ClientRequestToken",
            "DisableRollback",
            "RetainExceptOnCreate",
        )
        stack, change_set = self._find_change_set(request)
        if change_set.execution != "AVAILABLE" or stack.busy:
            status = change_set.execution if change_set.status != "FAILED" else change_set.status
            raise ServiceError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{change_set.id}] cannot be executed in its current status of "
                f"[{status}]",
            )
        on_failure = change_set.on_failure or operations.ROLLBACK
        if request.get("DisableRollback"):
            on_failure = operations.DO_NOTHING
        stack.change_sets = {change_set.name: change_set}
        change_set.execution = "EXECUTE_IN_PROGRESS"
        stack.change_set_id = change_set.id
        accepted = {
            **request,
            "Capabilities": change_set.capabilities,
            "RoleARN": change_set.role,
            "DisableRollback": on_failure == operations.DO_NOTHING,
        }
        self.accept(stack, accepted, change_set.model)
        self.begin(
            stack,
            change_set.model,
            create=stack.status == REVIEW,
            on_failure=on_failure,
            change_set=change_set,
        )
        return {}

    def delete_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        """Drop a change set; one that does not exist is fine."""
        try:
            stack, change_set = self._find_change_set(request)
        except ServiceError as error:
            if error.code == "ChangeSetNotFound":
                return {}
            raise
        if change_set.execution == "EXECUTE_IN_PROGRESS":
            raise ServiceError(
                "InvalidChangeSetStatus",
                f"An operation on this ChangeSet is in progress: {change_set.execution}",
            )
        stack.change_sets.pop(change_set.name, None)
        return {}

    def _reviewed(self, request: dict[str, Any]) -> Stack | None:
        """The stack that an earlier change set of type CREATE announced, if any."""
        stack = self.find(request["StackName"])
        if stack is None or stack.status == GONE:
            return None
        if stack.status != REVIEW:
            raise ValidationError(
                f"Stack [{stack.name}] already exists and cannot be created again with the "
                f"changeSet [{request['ChangeSetName']}]."
            )
        return stack

    def _planned(self, stack: Stack, request: dict[str, Any], model: Model, kind: str) -> ChangeSet:
        changes, any_change = self.changes(stack, model)
        name = request["ChangeSetName"]
        return ChangeSet(
            id=self.new_id("changeSet", name),
            name=name,
            kind=kind,
            created=datetime.now(timezone.utc),
            description=request.get("Description") or "",
            status="CREATE_COMPLETE" if any_change else "FAILED",
            reason="" if any_change else NO_CHANGES,
            execution="AVAILABLE" if any_change else "UNAVAILABLE",
            model=model,
            changes=changes,
            capabilities=list(request.get("Capabilities") or []),
            on_failure=request.get("OnStackFailure") or "",
            role=request.get("RoleARN") or "",
        )

    def _find_change_set(self, request: dict[str, Any]) -> tuple[Stack, ChangeSet]:
        """A change set by its ARN, or by its name and its stack's."""
        wanted = request["ChangeSetName"]
        stack_name = request.get("StackName")
        if stack_name is None and not wanted.startswith("arn:"):
            raise ValidationError(
                "StackName must be specified if ChangeSetName is not specified as an ARN."
            )
        if stack_name is not None and self.find(stack_name) is None:
            raise stack_missing(stack_name)
        for stack in [self.get(stack_name)] if stack_name else self.stacks():
            for change_set in stack.change_sets.values():
                if wanted in (change_set.id, change_set.name):
                    return stack, change_set
        raise ServiceError("ChangeSetNotFound", f"ChangeSet [{wanted}] does not exist", 404)
