"""Whatever is done to a stack: what it says exists, and what a plan shows happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

SLOTS = "ABCD"
GROUP = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["one", "two"]),
        "days": st.sampled_from([7, 30]),
        "needs": st.sampled_from(["", *SLOTS]),
    }
)
WISH = st.fixed_dictionaries(
    {
        "groups": st.dictionaries(st.sampled_from(SLOTS), GROUP, min_size=1),
        "fails": st.booleans(),
    }
)


def template(wish: dict[str, Any], root: str) -> dict[str, Any]:
    """Groups as wished; with ``fails``, a last one whose name is taken."""
    resources: dict[str, Any] = {}
    for slot, group in wish["groups"].items():
        properties = {"LogGroupName": f"{root}/{slot}/{group['name']}"}
        resources[slot] = {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {**properties, "RetentionInDays": group["days"]},
        }
        if group["needs"] in wish["groups"] and group["needs"] < slot:
            resources[slot]["DependsOn"] = group["needs"]
    if wish["fails"]:
        resources["Fails"] = {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": f"{root}-taken"},
            "DependsOn": list(wish["groups"]),
        }
    return {"Resources": resources}


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wishes=st.lists(WISH, min_size=1, max_size=4))
def test_any_history_leaves_exactly_what_the_stack_says(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], wishes: list[dict[str, Any]]
) -> None:
    name, root, logs = unique("stack"), unique("/history"), aws.client("logs")
    logs.create_log_group(logGroupName=f"{root}-taken")

    def existing() -> dict[str, int]:
        found = logs.describe_log_groups(logGroupNamePrefix=f"{root}/")["logGroups"]
        return {group["logGroupName"]: group["retentionInDays"] for group in found}

    stacks.create({"Resources": {"A": _group(f"{root}/A/one")}}, name)
    standing = {"A": f"{root}/A/one"}
    for wish in wishes:
        before = existing()
        planned = stacks.plan(template(wish, root), name, "UPDATE")
        if planned["Status"] == "FAILED":
            continue
        stack = stacks.execute(planned)
        if wish["fails"]:
            assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
            assert existing() == before
            assert stacks.physical(name) == standing
            continue
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        wanted = {slot: f"{root}/{slot}/{group['name']}" for slot, group in wish["groups"].items()}
        assert stacks.physical(name) == wanted
        assert existing() == {wanted[s]: group["days"] for s, group in wish["groups"].items()}
        assert _outcome(standing, wanted) == _promised(planned)
        standing = wanted
    stacks.delete(name)
    assert existing() == {}


def _group(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": name, "RetentionInDays": 7},
    }


def _promised(planned: dict[str, Any]) -> dict[str, str]:
    """What a change set says of each resource that does not stay where it is."""
    found = {}
    for entry in planned["Changes"]:
        change = entry["ResourceChange"]
        if change["Action"] == "Modify" and change["Replacement"] == "False":
            continue
        found[change["LogicalResourceId"]] = change["Action"]
    return found


def _outcome(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    added = {slot: "Add" for slot in after if slot not in before}
    removed = {slot: "Remove" for slot in before if slot not in after}
    moved = {s: "Modify" for s in after if s in before and before[s] != after[s]}
    return {**added, **removed, **moved}
