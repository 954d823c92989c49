"""A step's name is refused when its script would hide something, else it can be lived with."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
Render = Callable[..., Path]
Run = Callable[..., Any]
STEP = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
NOTE_IMPORTS = """
import runpy, sys
from pathlib import Path

class Notes:
    def find_spec(self, name, path=None, target=None):
        looked_for.add(name.partition(".")[0])

looked_for = set()
sys.meta_path.insert(0, Notes())
notes, program, *sys.argv[1:] = sys.argv[1:]
try:
    if program.endswith(".py"):
        sys.path.insert(0, str(Path(program).resolve().parent))
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__")
except SystemExit as ended:
    assert not ended.code, ended
Path(notes).write_text("\\n".join(looked_for))
"""


@pytest.mark.long
def test_no_step_can_hide_what_a_project_s_imports_look_for(
    render: Render, run: Run, ask: Callable[..., Any], tmp_path: Path
) -> None:
    """``script/numpy.py`` would be imported for numpy; so would what pandas only tries."""
    project = render(tmp_path / "p", data_sources="s3, athena, redshift")
    own = {"preprocess", "inference", "train"}
    looked_for = set[str]()
    for program in ("train", "preprocess", "inference"):
        command = ("-c", NOTE_IMPORTS, str(tmp_path / "notes"), f"script/{program}.py")
        run(project, "python", *command)
        looked_for |= set((tmp_path / "notes").read_text(encoding="utf-8").split())
    # What a query needs is imported where there is a local AWS to be queried.
    tests = ("-c", NOTE_IMPORTS, str(tmp_path / "notes"), "pytest", "test/test_preprocess.py")
    run(project, "python", *tests, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    looked_for |= set((tmp_path / "notes").read_text(encoding="utf-8").split())
    assert {"numpy", "sklearn", "batcat_runtime", "bottleneck", "pyarrow"} <= looked_for
    names = {name for name in looked_for - own if STEP.fullmatch(name)}
    free = [name for name in sorted(names) if not is_refused(ask, name)]
    assert free == []


def is_refused(ask: Callable[..., Any], step: str) -> bool:
    """Whether a step cannot have a name."""
    if step in sys.stdlib_module_names:
        return True  # another test sees to these
    try:
        ask(project="2026-a-b", purpose="p", steps=["first", step])  # room for long names
    except ValueError:
        return True
    return False


def test_no_step_can_take_the_test_of_something_else(template: Path, render: Render) -> None:
    """The test of a step named ``deploy`` would be ``test/test_deploy.py``, which is there."""
    kept = [
        file.stem.removeprefix("test_")
        for file in (template / "template" / "test").glob("test_*.py")
    ]
    assert sorted(kept) == ["deploy", "trigger"]
    for name in kept:
        with pytest.raises(ValueError, match="is a name that the project itself needs"):
            render(template / "never", steps=["first", name])


@pytest.mark.long
def test_steps_may_be_named_like_folders_and_tools(
    render: Render, run: Run, tmp_path: Path
) -> None:
    steps = ["script", "data", "config"]
    project = render(tmp_path / "p", steps=steps, example=False)
    (project / "data" / "raw" / "a.csv").write_text("id,x\n1,1.5\n", encoding="utf-8")
    run(project, "ruff", "check", ".")
    run(project, "mypy")
    run(project, "pytest", "-q")
    for step in steps:
        run(project, "python", f"script/{step}.py")
    outcome = json.loads(run(project, "batcat", "run", "--json").stdout)
    assert outcome["status"] == "SUCCEEDED"
    assert len(list((project / "data" / "result").rglob("config_*.csv"))) == 2
