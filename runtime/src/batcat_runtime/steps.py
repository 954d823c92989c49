"""What every step does around its own work: find its input, read it, write its output, end.

A step knows its own name and its project's folder. Which step comes before it, and where data
lies, is decided here: by the Processing job when there is one, else by ``deploy/config.json``.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from .columns.series import need_pandas
from .config import get_config
from .errors import BatCatError, ConfigError, DataError, MissingError
from .formats.csv_parse import Reading
from .formats.csv_read import read_csv
from .logs import get_logger
from .paths import in_processing_job, ml_root, processing_output_path

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import pandas as pd

_MOST_BYTES = 1024
"""Length of an exit message that SageMaker keeps (DescribeProcessingJob, ExitMessage)."""
_MOST_NAMES = 3
"""How many files a message names."""


def step_input_path(step: str, project: str | os.PathLike[str]) -> str:
    """Name the folder that a step reads from.

    Args:
        step: name of the step.
        project: the project's root folder; a Processing job does not need it.

    Returns:
        In a Processing job the one folder below ``/opt/ml/processing/input``. Else ``data/raw``
        for the first of ``steps`` in ``deploy/config.json``, and ``data/tmp/<the step before>``
        for every other one.

    Raises:
        MissingError: there is no input yet; the message says where it comes from.
        ConfigError: the job has several inputs, or the step is not one of the project's.
    """
    if in_processing_job():
        return str(_only_input())
    root = Path(project)
    steps = _steps_of(root, step)
    place = steps.index(step)
    previous = steps[place - 1] if place else None
    folder = root / "data" / "tmp" / previous if previous else root / "data" / "raw"
    if not _files(folder):
        raise MissingError(f"{folder} holds no input for {step}; {_advice(root, previous)}")
    return str(folder)


def step_output_path(step: str, project: str | os.PathLike[str]) -> str:
    """Name the CSV file that a step writes, and make sure its folder exists.

    Args:
        step: name of the step.
        project: the project's root folder; a Processing job does not need it.

    Returns:
        In a Processing job the path of ``processing_output_path(step)``. Else
        ``data/result/<step>_<YYYYmmddHHMMSS>.csv`` for the last of ``steps`` in
        ``deploy/config.json``, and ``data/tmp/<step>/<step>.csv``, which the next run overwrites,
        for every other one.

    Raises:
        ConfigError: the step is not one of the project's.
        AccessError: the folder cannot be made.
    """
    if in_processing_job():
        return processing_output_path(step)
    data = Path(project) / "data"
    if step == _steps_of(Path(project), step)[-1]:
        return processing_output_path(step, local=data / "result")
    return processing_output_path(step, timestamp=False, local=data / "tmp" / step)


def read_folder(
    folder: str | os.PathLike[str],
    *,
    encoding: str | None = None,
    sep: str = ",",
    decimal: str = ".",
) -> pd.DataFrame:
    """Read the CSV files of a folder, and of the folders in it, one below the other.

    Args:
        folder: where they are, as ``.csv`` or ``.csv.gz``; hidden files are left out.
        encoding: text encoding; by default UTF-8, with or without a byte order mark.
        sep: the character between two values.
        decimal: the character before the decimals of a number.

    Returns:
        All rows, with a fresh index.

    Raises:
        MissingError: there is no CSV file; the message names what is there instead.
        DataError: a file is malformed (the message names the line), has no rows, or has other
            columns than the first one.
        ConfigError: there is no such encoding, or sep or decimal is not one character.
        MissingExtraError: pandas is not installed.
    """
    need_pandas()
    import pandas as pd

    root = Path(folder)
    found = _files(root)
    files = [file for file in found if file.name.lower().endswith((".csv", ".csv.gz"))]
    if not files:
        raise MissingError(f"no CSV file in {root}{_instead(root, found)}")
    how = Reading(encoding, sep=sep, decimal=decimal)
    tables: list[pd.DataFrame] = []
    for file in files:
        name = str(file.relative_to(root.parent))
        table = read_csv(content_of(file, name), name, how=how)
        if table.empty:
            raise DataError(f"{name} has a header but no rows; check what wrote it")
        if tables and set(table.columns) != set(tables[0].columns):
            other = sorted(set(map(str, table.columns)) ^ set(map(str, tables[0].columns)))
            raise DataError(
                f"{name} has other columns than {files[0].name}: {', '.join(other)} "
                f"{'is' if len(other) == 1 else 'are'} in only one; correct the one that is wrong"
            )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def write_table(table: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a CSV file that is either whole or absent: it gets its name when it is complete.

    Args:
        table: what to write.
        path: where to, ending in ``.csv``; when several machines share the job, each adds its
            own name.

    Returns:
        The file.

    Raises:
        ConfigError: the name promises another format than CSV.
    """
    file = Path(path)
    if file.suffix.lower() != ".csv":
        raise ConfigError(
            f"write_table writes CSV, which {file.name} does not promise; name it "
            f"{file.stem}.csv, or let pandas write another format, such as table.to_parquet(path)"
        )
    file = file.with_name(f"{file.stem}{_machine()}{file.suffix}")
    part = Path(f"{file}.part")
    table.to_csv(part, index=False)
    return part.replace(file)


def run_step(step: str, main: Callable[[], None]) -> None:
    """Run a step, and when it fails end the process with exit code 1.

    Errors that say what to do are shown as one line; any other error with its traceback. In a
    Processing job the line also becomes the job's exit message.

    Args:
        step: name of the step, shown in its log.
        main: what the step does.
    """
    logger = get_logger(step)
    try:
        main()
    except BatCatError as error:
        logger.error("%s", error)  # noqa: TRY400 - it says what to do; a traceback would hide it
        _leave_exit_message(str(error))
        sys.exit(1)
    except Exception as error:
        logger.exception("%s failed", step)
        _leave_exit_message(f"{type(error).__name__}: {error}")
        sys.exit(1)


def _files(folder: Path) -> list[Path]:
    """The files of a folder and of the folders in it, but for hidden ones."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        path
        for path in found
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def content_of(file: Path, name: str) -> io.BytesIO:
    """The text of a file, unpacked when it is packed.

    Args:
        file: where it is.
        name: what messages call it.

    Raises:
        DataError: it is called ``.gz`` and is none.
    """
    content = file.read_bytes()
    if file.suffix.lower() == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{name} is no sound gzip file: {error}; pack it again") from error
    return io.BytesIO(content)


def _instead(root: Path, found: list[Path]) -> str:
    """Say what a folder holds instead of a CSV, and what to do about it."""
    if not found:
        return ", which is empty; give the step input, at least one file a machine"
    names = [str(file.relative_to(root)) for file in found[:_MOST_NAMES]]
    more = f" and {len(found) - _MOST_NAMES} more" if len(found) > _MOST_NAMES else ""
    return (
        f"; it holds {', '.join(names)}{more}: save them as CSV, or read Excel or Parquet with "
        f"pandas: pd.read_excel(Path(bc.step_input_path(STEP, ROOT)) / {names[0]!r})"
    )


def _only_input() -> Path:
    """The one input of this Processing job."""
    folder = ml_root() / "processing" / "input"
    found = sorted(path for path in folder.glob("*") if path.is_dir())
    if not found:
        raise MissingError(
            f"{folder} holds no folder; give the Processing job an input whose LocalPath lies there"
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ConfigError(
            f"{folder} holds {len(found)} folders: {names}; say which one to read: "
            f"processing_input_path({found[0].name!r})"
        )
    return found[0]


def _steps_of(root: Path, step: str) -> list[str]:
    """The steps of a project, which must include this one."""
    file = root / "deploy" / "config.json"
    steps = get_config(file).get("steps", [])
    if step not in steps:
        raise ConfigError(f"{step!r} is no step in {file}; its steps are {', '.join(steps)}")
    return list(steps)


def _advice(root: Path, previous: str | None) -> str:
    if previous:
        return f"run the step before it: python script/{previous}.py"
    if (root / "script" / "train.py").exists():
        return "put data there, or make the example's: python script/train.py"
    return "put data there"


def _leave_exit_message(message: str) -> None:
    if in_processing_job():
        file = ml_root() / "output" / "message"
        file.parent.mkdir(parents=True, exist_ok=True)
        # Half a character would make all of it unreadable.
        whole = message.encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore")
        file.write_text(whole, encoding="utf-8")


def _machine() -> str:
    """Tell this machine from the others of its job; empty when it is alone."""
    described = ml_root() / "config" / "resourceconfig.json"
    if not (in_processing_job() and described.exists()):
        return ""
    resources = json.loads(described.read_text(encoding="utf-8"))
    return f"_{resources['current_host']}" if len(resources["hosts"]) > 1 else ""
