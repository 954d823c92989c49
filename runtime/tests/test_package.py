"""``import batcat_runtime as bc`` is cheap, and says the same to people, Python and mypy."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

import batcat_runtime as bc
from batcat_runtime import errors

SOURCE = Path(bc.__file__)
HOMES = bc._HOMES  # noqa: SLF001 - it must agree with the public names


def test_importing_it_imports_no_heavy_package() -> None:
    """A container or a CLI that only wants a logger does not pay for boto3 or pandas."""
    code = (
        "import sys, batcat_runtime as bc; bc.get_logger; bc.get_config; bc.get_bucket_key;"
        "bc.processing_output_path; bc.read_folder; bc.run_step; bc.step_input_path;"
        "heavy = {'boto3', 'botocore', 'pandas', 'numpy', 'fastjsonschema', 'moto'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_the_s3_functions_makes_no_client() -> None:
    """Importing works without credentials, region or network: clients come with the first call."""
    code = (
        "import sys, batcat_runtime as bc; bc.save_to_bucket; bc.read_csv_from_bucket;"
        "sys.exit(', '.join({'boto3', 'pandas'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={}
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", bc.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    """Whatever ``__all__`` promises can be used, and ``help()`` explains it."""
    assert getattr(bc, name).__doc__


def test_all_lists_of_public_names_agree() -> None:
    """``__all__``, the table of homes and what type checkers see name the same things, sorted."""
    seen_by_mypy = {
        (node.module, alias.name)
        for block in ast.parse(SOURCE.read_text(encoding="utf-8")).body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found_at_run_time = {(home, name) for home, names in HOMES.items() for name in names}
    assert seen_by_mypy == found_at_run_time
    assert bc.__all__ == sorted({name for _, name in seen_by_mypy})
    assert dir(bc) == bc.__all__


def test_an_unknown_name_is_refused_as_by_any_module() -> None:
    """A typo is an AttributeError that names the typo."""
    with pytest.raises(AttributeError, match="read_csv_from_bukket"):
        bc.read_csv_from_bukket  # noqa: B018 - looking it up is the test


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (bc.ConfigError, ValueError),
        (bc.DataError, ValueError),
        (bc.MissingError, LookupError),
        (bc.AccessError, PermissionError),
        (bc.MissingExtraError, ImportError),
        (bc.DeployError, RuntimeError),
        (bc.ExecutionError, RuntimeError),
    ],
)
def test_every_error_can_be_caught_by_its_base_and_by_the_builtin(
    error: type[bc.BatCatError], builtin: type[Exception]
) -> None:
    """``except BatCatError`` catches all; code that expects the builtin keeps working."""
    assert issubclass(error, bc.BatCatError)
    assert issubclass(error, builtin)
    assert error.__name__ in (errors.__doc__ or "")


def test_every_extra_that_errors_name_exists() -> None:
    """The line they print installs something."""
    assert {"pandas", "excel", "arrow"} <= set(
        metadata("batcat-runtime").get_all("Provides-Extra") or []
    )


def test_a_missing_extra_names_the_line_that_installs_it() -> None:
    """The message can be pasted into a shell."""
    assert "pip install 'batcat-runtime[excel]'" in str(bc.MissingExtraError("openpyxl", "excel"))
