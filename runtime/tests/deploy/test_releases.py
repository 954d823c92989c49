"""What was deployed is kept, and can be deployed again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from batcat_runtime.deploy import apply, make_plan, plan_removal, releases, remove
from batcat_runtime.deploy.artifacts import account_of
from batcat_runtime.deploy.stack import deployed_stack
from batcat_runtime.errors import ConfigError, DeployError

if TYPE_CHECKING:
    from batcat_runtime.deploy import Project
    from batcat_runtime.deploy.plan import Plan


def execute(plan: Plan) -> None:
    for _ in apply(plan):
        pass


def limit(project: Project) -> str:
    return deployed_stack(project).parameters["MaxRuntimeInSeconds"]


@pytest.fixture
def fresh(deployed: Project) -> Project:
    """The sample project, deployed, with no release but this one."""
    for _ in remove(plan_removal(deployed, delete_data=True)):
        pass
    execute(make_plan(deployed))
    releases.record(deployed, account_of(deployed))
    return deployed


def test_a_release_is_what_a_deployment_can_go_back_to(fresh: Project) -> None:
    account = account_of(fresh)
    execute(make_plan(replace(fresh, max_runtime_seconds=60)))
    releases.record(fresh, account)
    assert limit(fresh) == "60"

    first = releases.before(fresh, account)
    assert first.parameters["MaxRuntimeInSeconds"] == "3600"
    plan = releases.plan_return(fresh, first, account)
    assert [change.logical for change in plan.changes] == ["StateMachine"]
    execute(plan)
    assert limit(fresh) == "3600"
    releases.record(fresh, account)

    # Going back once more leads to where it came from.
    assert releases.before(fresh, account).parameters["MaxRuntimeInSeconds"] == "60"
    assert len(releases.recorded(fresh, account)) == 3


def test_a_release_keeps_the_commit_that_it_was_deployed_from(fresh: Project) -> None:
    """Going back to it does not make it one of what the project's folder is now."""
    account = account_of(fresh)
    execute(make_plan(replace(fresh, max_runtime_seconds=64)))
    made = releases.record(fresh, account, "0a1b2c3")
    assert releases.read(fresh, account, made.name).commit == "0a1b2c3"
    assert releases.before(fresh, account).commit == ""


def test_what_stands_unchanged_is_recorded_once(fresh: Project) -> None:
    account = account_of(fresh)
    names = releases.recorded(fresh, account)
    assert releases.record(fresh, account).name == names[0]
    assert releases.recorded(fresh, account) == names


def test_a_deployment_that_was_never_recorded_goes_back_to_the_last_that_was(
    fresh: Project,
) -> None:
    execute(make_plan(replace(fresh, max_runtime_seconds=61)))
    release = releases.before(fresh, account_of(fresh))
    assert release.parameters["MaxRuntimeInSeconds"] == "3600"


def test_the_first_release_has_none_before_it(fresh: Project) -> None:
    with pytest.raises(DeployError, match="no earlier release in environment local"):
        releases.before(fresh, account_of(fresh))


def test_an_unknown_release_names_the_known_ones(fresh: Project) -> None:
    account = account_of(fresh)
    (known,) = releases.recorded(fresh, account)
    with pytest.raises(ConfigError, match=f"no release 'yesterday'; known are: {known}"):
        releases.read(fresh, account, "yesterday")


def test_a_value_that_the_template_hides_is_not_kept(fresh: Project) -> None:
    template = fresh.template.read_text(encoding="utf-8")
    hidden = "Parameters:\n  Token:\n    Type: String\n    NoEcho: true\n    Default: hush\n"
    fresh.template.write_text(template.replace("Parameters:\n", hidden, 1), encoding="utf-8")
    execute(make_plan(replace(fresh, max_runtime_seconds=62)))
    release = releases.record(fresh, account_of(fresh))
    assert "Token" in release.template
    assert "Token" not in release.parameters


def test_removing_the_project_removes_its_releases(fresh: Project) -> None:
    account = account_of(fresh)
    assert releases.recorded(fresh, account)
    for _ in remove(plan_removal(fresh, delete_data=True)):
        pass
    assert releases.recorded(fresh, account) == []
    assert releases.standing(fresh) is None


def test_two_environments_do_not_share_an_account_and_region(fresh: Project) -> None:
    template = fresh.template.read_text(encoding="utf-8")
    named = "Parameters:\n  Environment:\n    Type: String\n    Default: dev\n"
    fresh.template.write_text(template.replace("Parameters:\n", named, 1), encoding="utf-8")
    execute(make_plan(replace(fresh, max_runtime_seconds=63)))
    with pytest.raises(DeployError, match=r"that of environment local; give prod its own account"):
        make_plan(replace(fresh, environment="prod"))
