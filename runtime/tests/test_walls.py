"""Who may import whom: each wall of docs/architecture.md stands, and falls over when broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import batcat_runtime

PACKAGE = Path(batcat_runtime.__file__).parent
REPOSITORY = Path(__file__).parents[2]
LINTER = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
GROUND = ("errors", "logs", "config", "hiding", "paths", "aws")
DATA = (
    *("columns", "formats", "sql", "s3", "athena", "redshift", "mysql"),
    *("secrets", "events", "steps"),
)
HEAVY = (
    *("boto3", "botocore", "fastjsonschema", "pandas", "numpy", "openpyxl", "pyarrow"),
    *("redshift_connector", "pymysql", "pyathena", "duckdb", "sqlglot"),
    *("moto", "flask", "werkzeug", "rich", "typer", "yaml", "cfnlint", "samtranslator", "jsonata"),
)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("errors", "import batcat_runtime.formats.excel"),
        ("aws", "from batcat_runtime import steps"),
        ("paths", "import batcat_runtime.deploy"),
        ("formats/excel", "from batcat_runtime.cli import app"),
        ("steps", "import batcat_runtime.emulator"),
        ("columns/types", "import batcat_runtime.formats.excel"),
        ("formats/excel", "import batcat_runtime.s3.transfer"),
        ("s3/tables", "import batcat_runtime.athena"),
        ("logs", "import rich"),
        ("events", "import moto.core"),
        ("deploy/plan", "import batcat_runtime.emulator.local"),
        ("emulator/wire", "from batcat_runtime.s3.tables import save_to_bucket"),
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


@pytest.mark.parametrize("room", [*GROUND, *DATA])
def test_what_runs_in_containers_loads_nothing_heavy(room: str) -> None:
    """Third parties are imported inside the function that needs them."""
    code = dedent(
        f"""
        import importlib, pkgutil, sys
        room = importlib.import_module("batcat_runtime.{room}")
        for found in pkgutil.walk_packages(getattr(room, "__path__", ()), room.__name__ + "."):
            importlib.import_module(found.name)
        sys.exit(", ".join(sorted(set(sys.modules) & set({HEAVY!r}))) or 0)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_module_stands_in_a_room() -> None:
    """A new one must be given its place, here and in the contracts."""
    found = [*PACKAGE.glob("*.py"), *(path.parent for path in PACKAGE.glob("*/__init__.py"))]
    rooms = {path.stem for path in found} - {"__init__", "deploy", "emulator", "cli"}
    assert rooms == {*GROUND, *DATA}
