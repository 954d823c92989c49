"""What all steps share: reading a folder, writing a table, ending with the right exit code."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import batcat_runtime as bc
import pandas as pd
from batcat_runtime.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent


def read_folder(folder: str | Path, *, newest: bool = False) -> pd.DataFrame:
    """Read the CSV files of a folder, one below the other.

    Args:
        folder: where they are.
        newest: read only the last one by name; a step's files are named by time.

    Returns:
        All rows, with a fresh index.

    Raises:
        MissingError: there is no CSV file.
        DataError: a file is malformed (the message names the line), has no rows, or has other
            columns than the first one.
    """
    files = sorted(Path(folder).glob("**/*.csv"))
    if not files:
        raise bc.MissingError(
            f"no CSV file in {folder}; put the step's input there (one file or more a machine)"
        )
    tables: list[pd.DataFrame] = []
    for file in files[-1:] if newest else files:
        name = str(file.relative_to(Path(folder).parent))
        table = read_csv(io.BytesIO(file.read_bytes()), name)
        if table.empty:
            raise bc.DataError(f"{name} has a header but no rows; check what wrote it")
        if tables and set(table.columns) != set(tables[0].columns):
            other = sorted(set(map(str, table.columns)) ^ set(map(str, tables[0].columns)))
            raise bc.DataError(
                f"{name} has other columns than {files[0].name}: {', '.join(other)} is in only one"
            )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def write_table(table: pd.DataFrame, path: str | Path) -> Path:
    """Write a CSV file that is either whole or absent: it gets its name when it is complete.

    Args:
        table: what to write.
        path: where to; when several machines share the job, each adds its own name.

    Returns:
        The file.
    """
    file = Path(path)
    file = file.with_name(f"{file.stem}{_machine()}{file.suffix}")
    part = Path(f"{file}.part")
    table.to_csv(part, index=False)
    return part.replace(file)


def run_step(step: str, main: Callable[[], None]) -> None:
    """Run a step and end the process with its exit code.

    Errors that say what to do are shown as one line; any other error with its traceback. In a
    Processing job the line also becomes the job's exit message.
    """
    logger = bc.get_logger(step)
    try:
        main()
    except bc.BatCatError as error:
        logger.error("%s", error)
        _leave_exit_message(str(error))
        sys.exit(1)
    except Exception as error:
        logger.exception("%s failed", step)
        _leave_exit_message(f"{type(error).__name__}: {error}")
        sys.exit(1)


def _ml_root() -> Path:
    return Path(os.environ.get("BATCAT_ML_ROOT", "/opt/ml"))


def _leave_exit_message(message: str) -> None:
    """SageMaker shows the first 1 KB of this file as the job's exit message."""
    if bc.in_processing_job():
        file = _ml_root() / "output" / "message"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(message.encode()[:1024])


def _machine() -> str:
    """Tell this machine from the others of its job; empty when it is alone."""
    described = _ml_root() / "config" / "resourceconfig.json"
    if not (bc.in_processing_job() and described.exists()):
        return ""
    resources = json.loads(described.read_text(encoding="utf-8"))
    return f"_{resources['current_host']}" if len(resources["hosts"]) > 1 else ""
