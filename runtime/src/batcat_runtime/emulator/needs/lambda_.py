"""Lambda. Invoke's action is ``lambda:InvokeFunction``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.emulator.lambda_.policy import document_of

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked, Keys

PREFIX = "lambda"
PRINCIPAL = "lambda.amazonaws.com"
RESOURCES = {"ListFunctions": "*"}
ACTIONS = {"Invoke": "InvokeFunction"}
ON_FUNCTION = (
    *("CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode", "GetFunction"),
    *("GetFunctionConfiguration", "DeleteFunction", "Invoke", "AddPermission", "GetPolicy"),
    *("RemovePermission", "TagResource", "UntagResource", "ListTags"),
    *("PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig"),
    *("GetFunctionEventInvokeConfig", "DeleteFunctionEventInvokeConfig"),
)
FUNCTIONS = "lambda functions"
"""Where the service shares its functions: region and name to each."""


def on_function(asked: Asked) -> list[Need]:
    """The operation on its function, whose own policy counts as well."""
    given = str(asked.get("FunctionName") or asked.get("Resource", default=""))
    name = given.rpartition("function:")[2].partition(":")[0]
    function = asked.world.shared(FUNCTIONS, dict).get((asked.region, name))
    policy = document_of(function.statements) if function and function.statements else None
    action = f"lambda:{ACTIONS.get(asked.operation, asked.operation)}"
    found = [Need(action, asked.arn(f"function:{name}"), {}, policy, f"policy of function {name}")]
    if asked.operation in ("CreateFunction", "UpdateFunctionConfiguration"):
        found += asked.pass_role(asked.get("Role"), PRINCIPAL)
    if asked.operation == "CreateFunction" and asked.get("Tags"):
        found.append(Need("lambda:TagResource", asked.arn(f"function:{name}")))
    return found


INSTEAD = dict.fromkeys(ON_FUNCTION, on_function)


def keys(asked: Asked) -> Keys:
    """Condition keys of permissions."""
    if asked.operation == "AddPermission":
        return {"lambda:principal": (str(asked.get("Principal")),)}
    return {}


KEYS = frozenset({"lambda:principal"})
