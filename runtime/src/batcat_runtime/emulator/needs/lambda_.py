"""Lambda. Invoke's action is ``lambda:InvokeFunction``.

"Lambda makes authorization decisions by comparing the resource element in the IAM policy with both
the FunctionName and Qualifier passed in API calls": a policy that names the function does not let
``:$LATEST`` be invoked (Lambda Developer Guide, "Fine-tuning the Resources and Conditions sections
of policies").
"""

from __future__ import annotations

import re
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


_NAME = re.compile(
    r"(?:arn:[^:]+:lambda:[^:]*:\d{12}:function:|\d{12}:function:|function:)?"
    r"([\w-]+)(?::([\w$-]+))?"
)


def named(given: str) -> tuple[str, str | None] | None:
    """Name and qualifier of a function's name, partial ARN or ARN; None if it is none of them."""
    found = _NAME.fullmatch(given)
    return (found[1], found[2]) if found else None


def on_function(asked: Asked) -> list[Need]:
    """The operation on its function, whose own policy counts as well."""
    given = str(asked.get("FunctionName") or asked.get("Resource", default=""))
    name, qualifier = named(given) or (given, None)
    qualifier = asked.get("Qualifier") or qualifier
    function = asked.world.shared(FUNCTIONS, dict).get((asked.region, name))
    policy = document_of(function.statements) if function and function.statements else None
    action = f"lambda:{ACTIONS.get(asked.operation, asked.operation)}"
    place = f"function:{name}" + (f":{qualifier}" if qualifier else "")
    found = [Need(action, asked.arn(place), {}, policy, f"policy of function {name}")]
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
