"""Operations that change stacks without a change set."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.assumable import assumable
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from . import model as models
from . import operations, plan, requests
from .errors import ValidationError
from .registry import GONE, PATIENCE, PRINCIPAL, Registry

if TYPE_CHECKING:
    from .model import Model
    from .state import Change, ChangeSet, Stack

ARN_PARTS = 6
TEMPLATE = ("TemplateBody", "TemplateURL")
COMMON = (
    "StackName",
    "Parameters",
    "Capabilities",
    "Tags",
    "RoleARN",
    "DisableRollback",
    "ClientRequestToken",
    "RetainExceptOnCreate",
    *TEMPLATE,
)


class Stacks(Registry):
    """CreateStack, UpdateStack, DeleteStack, UpdateTerminationProtection."""

    def create_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a stack; its resources follow in the background."""
        requests.only(request, *COMMON, "OnFailure", "EnableTerminationProtection")
        name = request["StackName"]
        if request.get("OnFailure") and "DisableRollback" in request:
            raise ValidationError("Either DisableRollback or OnFailure can be specified, not both.")
        self.check_role(request.get("RoleARN"))
        if self.find(name):
            raise ServiceError("AlreadyExistsException", f"Stack [{name}] already exists")
        stack_id = self.new_id("stack", name)
        model = self.model_for(request, stack_id, None)
        requests.check_capabilities(request, model, directly=True)
        stack = self.new(name, stack_id)
        self.check_exports_or_forget(stack, model)
        stack.protected = bool(request.get("EnableTerminationProtection"))
        self.accept(stack, request, model)
        on_failure = request.get("OnFailure") or operations.ROLLBACK
        if stack.disable_rollback:
            on_failure = operations.DO_NOTHING
        self.begin(stack, model, create=True, on_failure=on_failure)
        return {"StackId": stack.id}

    def update_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change a stack; its resources follow in the background."""
        requests.only(request, *COMMON, "UsePreviousTemplate")
        stack = self.updatable(request["StackName"])
        self.check_role(request.get("RoleARN") or stack.role)
        model = self.model_for(request, stack.id, stack)
        requests.check_capabilities(request, model, directly=True)
        if not self.changes(stack, model)[1]:
            raise ValidationError("No updates are to be performed.")
        self.check_exports(stack, model.outputs(models.nothing_known(model.resources)))
        self.accept(stack, request, model)
        self.begin(stack, model, create=False, on_failure=_on_failure(stack))
        return {"StackId": stack.id}

    def delete_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a stack's resources in the background; one that does not exist is fine."""
        requests.only(
            request,
            "StackName",
            "RetainResources",
            "RoleARN",
            "ClientRequestToken",
            "DeletionMode",
        )
        if request.get("DeletionMode") == "FORCE_DELETE_STACK":
            raise NotEmulated("CloudFormation's DeletionMode FORCE_DELETE_STACK")
        stack = self.find(request["StackName"])
        if stack is None or stack.status == GONE:
            return {}
        self.check_role(request.get("RoleARN") or stack.role)
        if stack.protected:
            raise ValidationError(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        retained = frozenset(request.get("RetainResources") or [])
        if retained and stack.status != "DELETE_FAILED":
            raise ValidationError(
                f"Invalid operation on stack [{stack.id}]. When you delete a stack, specify which "
                "resources to retain only when the stack is in the DELETE_FAILED state."
            )
        self.settle(stack, PATIENCE)
        with self._lock:
            if stack.busy or stack.status == GONE:  # Another request was quicker.
                return {}
            self.check_exports(stack, [])
            stack.token = request.get("ClientRequestToken") or ""
            stack.change_sets.clear()
            model = stack.model
            if model is None:  # In review: nothing was made.
                stack.enter(GONE)
                return {}
            stack.enter("DELETE_IN_PROGRESS", "User Initiated")
        client = self.client(model.place.region, request.get("RoleARN") or stack.role)
        self.start(
            stack, "DELETE_FAILED", lambda: operations.delete(stack, model, client, retained)
        )
        return {}

    def update_termination_protection(self, request: dict[str, Any]) -> dict[str, Any]:
        """Say whether DeleteStack is refused."""
        stack = self.get(request["StackName"])
        stack.protected = bool(request["EnableTerminationProtection"])
        return {"StackId": stack.id}

    def model_for(self, request: dict[str, Any], stack_id: str, stack: Stack | None) -> Model:
        """What the request asks a stack to be."""
        place = self.place()
        standing = stack.model if stack else None
        if request.get("UsePreviousTemplate"):
            if standing is None or any(request.get(key) for key in TEMPLATE):
                raise ValidationError(
                    "UsePreviousTemplate needs a stack with a template, and no other template."
                )
            body = standing.body
        else:
            body = requests.template_body(request, self.client(place.region)("s3"))
        keep_tags = stack is not None and "Tags" not in request
        return models.build(
            body,
            request.get("Parameters") or [],
            stack.tags if stack and keep_tags else requests.tags(request.get("Tags") or []),
            place=place,
            stack_name=request["StackName"] if stack is None else stack.name,
            stack_id=stack_id,
            previous=stack.values if stack else {},
            exported=self.exported(stack_id),
        )

    def changes(self, stack: Stack, model: Model) -> tuple[list[Change], bool]:
        """What would change, and whether anything would: outputs count as well."""
        found = plan.plan(model, stack.resources, stack.values)
        if found:
            return found, True
        return found, plan.outputs_of(model, stack.resources) != stack.outputs

    def accept(self, stack: Stack, request: dict[str, Any], model: Model) -> None:
        """Remember what the request says of the stack itself."""
        stack.role = request.get("RoleARN") or stack.role
        stack.disable_rollback = bool(request.get("DisableRollback"))
        stack.retain_except_on_create = bool(request.get("RetainExceptOnCreate"))
        stack.token = request.get("ClientRequestToken") or ""
        stack.capabilities = list(request.get("Capabilities") or [])
        if stack.model is None:
            stack.tags, stack.values = model.tags, model.values

    def check_role(self, arn: str | None) -> None:
        """Refuse a service role that CloudFormation could not use."""
        if arn and len(arn.split(":", 5)) < ARN_PARTS:
            raise ValidationError(f"{arn} is not a valid RoleARN")
        if arn and not assumable(self._world, arn, PRINCIPAL):
            raise ValidationError(f"Role {arn} is invalid or cannot be assumed")

    def check_exports_or_forget(self, stack: Stack, model: Model) -> None:
        """For a stack that is being made: one whose exports are refused is not kept."""
        try:
            self.check_exports(stack, model.outputs(models.nothing_known(model.resources)))
        except ValidationError:
            with self._lock:
                self._stacks = [entry for entry in self._stacks if entry[1] is not stack]
            raise

    def begin(
        self,
        stack: Stack,
        model: Model,
        *,
        create: bool,
        on_failure: str,
        change_set: ChangeSet | None = None,
    ) -> None:
        """Start the work that makes a stack what its model says."""
        client = self.client(model.place.region, stack.role)
        verb = "CREATE" if create else "UPDATE"

        def work() -> None:
            if create:
                operations.create(stack, model, client, on_failure)
            else:
                rollback = on_failure != operations.DO_NOTHING
                operations.update(stack, model, client, rollback=rollback)
            if change_set:
                done = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
                change_set.execution = "EXECUTE_COMPLETE" if done else "EXECUTE_FAILED"

        with self._lock:
            if stack.busy:  # Another request was quicker.
                raise ValidationError(
                    f"Stack:{stack.id} is in {stack.status} state and can not be updated."
                )
            if create:
                # One that fails keeps the template it failed with, for GetTemplate and deletion.
                stack.model = model
            else:
                stack.updated = datetime.now(timezone.utc)
            stack.enter(f"{verb}_IN_PROGRESS", "User Initiated")
        self.start(stack, f"{verb}_FAILED", work)


def _on_failure(stack: Stack) -> str:
    return operations.DO_NOTHING if stack.disable_rollback else operations.ROLLBACK
