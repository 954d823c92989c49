"""Where a step reads and writes, in a Processing job and on a laptop, and dates for both.

SageMaker Processing gives a container its data below ``/opt/ml/processing`` and describes the job
in ``/opt/ml/config/processingjobconfig.json`` (source: "How Amazon SageMaker Processing configures
your processing container"). ``BATCAT_ML_ROOT`` moves ``/opt/ml`` for a job without a container.
All times are UTC, so that a laptop and a container agree.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from .errors import AccessError, ConfigError, MissingError

_ML_ROOT = "/opt/ml"


def ml_root() -> Path:
    """The folder that SageMaker shares with a container, or its counterpart without one."""
    return Path(os.environ.get("BATCAT_ML_ROOT") or _ML_ROOT)


def in_processing_job() -> bool:
    """Tell whether this process runs inside a Processing job.

    Returns:
        True when ``BATCAT_ML_ROOT`` is set or SageMaker has described a job to this container.
    """
    described = Path(_ML_ROOT, "config", "processingjobconfig.json")
    return bool(os.environ.get("BATCAT_ML_ROOT")) or described.exists()


def get_date_with_delta(
    delta: int,
    format: str = "%Y/%m/%d",  # noqa: A002 - the predecessor's keyword name is a contract
    *,
    today: date | None = None,
) -> str:
    """Give the date some days ago, for example to build the prefix of yesterday's data.

    Args:
        delta: days before today; negative for days ahead.
        format: how to write the date, in the directives of ``strftime``.
        today: the day to count from; by default today in UTC.

    Returns:
        The date as text.
    """
    day = today or datetime.now(timezone.utc).date()
    return (day - timedelta(days=delta)).strftime(format)


def processing_output_path(
    purpose: str,
    timestamp: bool = True,
    local: bool | str | os.PathLike[str] = False,
    *,
    now: datetime | None = None,
) -> str:
    """Name the CSV file a step writes its result to, and make sure its folder exists.

    Args:
        purpose: names both the folder and the file.
        timestamp: add ``_YYYYmmddHHMMSS`` (UTC) to the file name.
        local: False for the path inside the container; True for the bare file name; a folder for
            that folder on a laptop and the container's path inside a Processing job.
        now: the time to stamp; by default the present. Without a time zone it is UTC.

    Returns:
        ``/opt/ml/processing/<purpose>/<purpose>_<YYYYmmddHHMMSS>.csv``, or its local counterpart.

    Raises:
        ConfigError: the purpose cannot name a folder.
        AccessError: the folder cannot be made.
    """
    _check_name("purpose", purpose)
    moment = now or datetime.now(timezone.utc)
    if moment.tzinfo:
        moment = moment.astimezone(timezone.utc)
    file = f"{purpose}_{moment:%Y%m%d%H%M%S}.csv" if timestamp else f"{purpose}.csv"
    if local is True:
        return file
    if local and not in_processing_job():
        folder = Path(os.fspath(local))
    else:
        folder = ml_root() / "processing" / purpose
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AccessError(
            f"output folder {folder} cannot be made ({error.strerror}); outside a Processing job "
            "give local=True or local='<a folder you own>', or set BATCAT_ML_ROOT",
        ) from error
    return str(folder / file)


def processing_input_path(
    name: str = "input",
    local: str | os.PathLike[str] | None = None,
) -> str:
    """Name the folder a step reads from.

    Args:
        name: name of the input: ``raw`` for the first step, else the step before this one.
        local: the folder to read when not in a Processing job.

    Returns:
        ``/opt/ml/processing/input/<name>`` inside a Processing job, else the local folder.

    Raises:
        ConfigError: the name cannot name a folder, or no local folder is given outside a job.
        MissingError: the folder does not exist.
    """
    _check_name("name", name)
    if in_processing_job():
        folder = ml_root() / "processing" / "input" / name
        advice = f"give the Processing job an input whose LocalPath is {folder}"
    elif local is None:
        raise ConfigError(
            f"input {name!r} has no place outside a Processing job; give local='<a folder>'",
        )
    else:
        folder = Path(local)
        advice = f"put data there or give another folder (working folder: {Path.cwd()})"
    if not folder.exists():
        raise MissingError(f"input folder {folder} does not exist; {advice}")
    return str(folder)


def _check_name(what: str, name: str) -> None:
    if name in {"", ".", ".."} or any(sign in name for sign in "/\\\0"):
        raise ConfigError(
            f"{what} {name!r} cannot name a folder; use letters, digits and hyphens, "
            "for example 'inference'",
        )
