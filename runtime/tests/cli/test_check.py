"""``batcat check`` as a user, or a pull request, runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import User

PARTS = ["deploy", "run", "trigger", "failure", "rights"]


def test_a_good_project_passes_in_every_part(newcomer: User) -> None:
    config = newcomer.folder / "deploy" / "config.json"
    document = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**document, "network_isolation": True}), encoding="utf-8")
    said = newcomer.batcat("check", "--json")
    assert said.code == 0, said.err
    assert said.document["status"] == "OK"
    assert "Without network_isolation: the local AWS" in said.err
    assert [part["name"] for part in said.document["parts"]] == PARTS
    assert "and none to change when deployed again" in said.document["parts"][0]["text"]


def test_a_step_that_cannot_run_fails_the_check_where_it_does(newcomer: User) -> None:
    file = newcomer.folder / "deploy" / "workflow.asl.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("script/forecast.py", "script/forcast.py"), encoding="utf-8")
    said = newcomer.batcat("check")
    assert said.code == 1
    assert said.out.splitlines()[0].startswith("ok       deploy")
    assert said.out.splitlines()[1].startswith("failed   run")
    assert "trigger" not in said.out
