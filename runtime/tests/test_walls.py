"""Who may import whom: each wall of docs/architecture.md stands, and falls over when broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import batcat_runtime

PACKAGE = Path(batcat_runtime.__file__).parent
REPOSITORY = Path(__file__).parents[2]
LINTER = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
GROUND = ("errors", "logs", "config", "paths", "aws")
DATA = ("s3", "tables", "events", "steps")
HEAVY = (
    *("boto3", "botocore", "fastjsonschema", "pandas", "numpy", "openpyxl"),
    *("moto", "flask", "werkzeug", "rich", "typer", "yaml", "cfnlint", "samtranslator", "jsonata"),
)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("errors", "import batcat_runtime.tables"),
        ("aws", "from batcat_runtime import steps"),
        ("paths", "import batcat_runtime.deploy"),
        ("tables", "from batcat_runtime.cli import app"),
        ("steps", "import batcat_runtime.emulator"),
        ("logs", "import rich"),
        ("events", "import moto.core"),
        ("deploy/plan", "import batcat_runtime.emulator.local"),
        ("emulator/wire", "from batcat_runtime.s3 import save_to_bucket"),
        ("emulator/world", "import batcat_runtime.deploy.plan"),
    ],
)
def test_a_broken_wall_is_found(tmp_path: Path, module: str, line: str) -> None:
    """In a copy of the package where one module imports what it must not, inside a function too."""
    copy = tmp_path / "batcat_runtime"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    broken = copy / f"{module}.py"
    text = broken.read_text(encoding="utf-8")
    broken.write_text(f"{text}\n\ndef _breaks() -> None:\n    {line}\n", encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-c", LINTER),
            *("--config", REPOSITORY / "pyproject.toml", "--no-cache"),
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"batcat_runtime.{module.replace('/', '.')} ->" in done.stdout


@pytest.mark.parametrize("module", [*GROUND, *DATA])
def test_a_module_for_containers_loads_nothing_heavy(module: str) -> None:
    """Third parties are imported inside the function that needs them."""
    code = (
        f"import sys, batcat_runtime.{module};"
        f"sys.exit(', '.join(sorted(set(sys.modules) & set({HEAVY!r}))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_module_stands_in_a_room() -> None:
    """A new one must be given its place, here and in the contracts."""
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert modules == {*GROUND, *DATA}
