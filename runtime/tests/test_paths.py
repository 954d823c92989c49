"""Where a step reads and writes, on a laptop and in a Processing job."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batcat_runtime as bc

NOW = datetime(2026, 11, 21, 6, 5, 4, tzinfo=timezone.utc)
NAMES = st.text(min_size=1, max_size=40).filter(lambda name: name not in {".", ".."})


@pytest.fixture
def laptop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working folder outside any Processing job."""
    monkeypatch.delenv("BATCAT_ML_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The counterpart of /opt/ml of a Processing job without a container."""
    root = tmp_path / "ml"
    monkeypatch.setenv("BATCAT_ML_ROOT", str(root))
    return root


def test_a_job_writes_where_its_output_is_collected(job: Path) -> None:
    """The file lies in the purpose's folder, has the time in UTC, and can be written at once."""
    path = Path(bc.processing_output_path("inference", now=NOW))
    assert path == job / "processing" / "inference" / "inference_20261121060504.csv"
    path.write_text("a\n1\n", encoding="utf-8")


def test_the_timestamp_is_utc_wherever_one_is(job: Path) -> None:
    """A laptop in Shanghai and a container agree."""
    shanghai = NOW.astimezone(timezone(timedelta(hours=8)))
    assert bc.processing_output_path("a", now=shanghai) == bc.processing_output_path("a", now=NOW)
    assert bc.processing_output_path("a", now=NOW).startswith(str(job))


def test_the_timestamp_can_be_left_out(job: Path) -> None:
    """``timestamp=False`` gives one fixed name."""
    path = bc.processing_output_path("inference", timestamp=False)
    assert path == str(job / "processing" / "inference" / "inference.csv")


def test_local_true_gives_the_bare_file_name(laptop: Path) -> None:
    """With or without timestamp, and without making any folder."""
    assert bc.processing_output_path("inference", timestamp=False, local=True) == "inference.csv"
    stamped = bc.processing_output_path("inference", local=True)
    assert re.fullmatch(r"inference_\d{14}\.csv", stamped)
    assert list(laptop.iterdir()) == []


def test_a_local_folder_is_used_on_a_laptop_only(
    laptop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same line of code serves both: ``local='data/result'``."""
    here = bc.processing_output_path("inference", local="data/result", now=NOW)
    assert here == str(Path("data", "result", "inference_20261121060504.csv"))
    assert (laptop / "data" / "result").is_dir()

    monkeypatch.setenv("BATCAT_ML_ROOT", str(laptop / "ml"))
    there = bc.processing_output_path("inference", local="data/result", now=NOW)
    assert there.startswith(str(laptop / "ml" / "processing" / "inference"))


def test_a_folder_that_cannot_be_made_is_an_access_error(laptop: Path) -> None:
    """The message names the folder and the way out."""
    (laptop / "data").write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(bc.AccessError, match=r"data.result cannot be made .*local=True"):
        bc.processing_output_path("inference", local="data/result")


@pytest.mark.parametrize("purpose", ["", ".", "..", "a/b", "../a", "a\\b", "a\0b"])
@pytest.mark.usefixtures("job")
def test_a_purpose_that_cannot_name_a_folder_is_refused(purpose: str) -> None:
    """No purpose leads outside the folder of outputs."""
    with pytest.raises(bc.ConfigError, match="cannot name a folder"):
        bc.processing_output_path(purpose)
    with pytest.raises(bc.ConfigError, match="cannot name a folder"):
        bc.processing_input_path(purpose)


@given(purpose=NAMES, now=st.datetimes(min_value=datetime(2000, 1, 1)))  # noqa: DTZ001 - any clock
def test_any_purpose_gives_a_plain_file_name_or_is_refused(purpose: str, now: datetime) -> None:
    """The name of the result never contains a folder, and ends in 14 digits of time."""
    try:
        name = bc.processing_output_path(purpose, local=True, now=now)
    except bc.ConfigError:
        assert any(sign in purpose for sign in "/\\\0")
    else:
        assert name == f"{purpose}_{now:%Y%m%d%H%M%S}.csv"
        assert Path(name).name == name


def test_a_job_reads_from_its_input_folder(job: Path) -> None:
    """The local folder is for laptops and ignored inside a job."""
    folder = job / "processing" / "input" / "raw"
    folder.mkdir(parents=True)
    assert bc.processing_input_path("raw", local="data/raw") == str(folder)


@pytest.mark.usefixtures("job")
def test_an_input_that_a_job_was_not_given_is_named() -> None:
    """The message says which path the Processing job must provide."""
    with pytest.raises(bc.MissingError, match=r"input.raw does not exist.*LocalPath"):
        bc.processing_input_path("raw")


def test_a_laptop_reads_from_the_local_folder(laptop: Path) -> None:
    """It must exist; the message says from where it was looked for."""
    with pytest.raises(bc.MissingError, match=re.escape(str(laptop))):
        bc.processing_input_path("raw", local="data/raw")
    (laptop / "data" / "raw").mkdir(parents=True)
    assert bc.processing_input_path("raw", local="data/raw") == str(Path("data", "raw"))


@pytest.mark.usefixtures("laptop")
def test_a_laptop_without_a_local_folder_is_told_to_give_one() -> None:
    """There is no default place for data on a laptop."""
    with pytest.raises(bc.ConfigError, match="give local="):
        bc.processing_input_path("raw")


def test_a_process_knows_whether_it_is_a_processing_job(
    laptop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``BATCAT_ML_ROOT`` makes it one without a container."""
    assert not bc.in_processing_job()
    monkeypatch.setenv("BATCAT_ML_ROOT", str(laptop))
    assert bc.in_processing_job()


def test_dates_are_counted_back_from_today() -> None:
    """As users know it: yesterday is a delta of 1, and slashes part the date."""
    today = datetime.now(timezone.utc).date()
    assert bc.get_date_with_delta(0) in {
        f"{day:%Y/%m/%d}" for day in (today, today + timedelta(days=1))
    }
    assert bc.get_date_with_delta(1, today=date(2026, 3, 1)) == "2026/02/28"
    assert bc.get_date_with_delta(delta=1, format="%Y%m%d", today=date(2024, 3, 1)) == "20240229"


@given(
    delta=st.integers(-100_000, 100_000),
    today=st.dates(date(1500, 1, 1), date(2500, 1, 1)),
)
def test_the_date_lies_exactly_delta_days_back(delta: int, today: date) -> None:
    """For past and future days, leap years included."""
    there = date.fromisoformat(bc.get_date_with_delta(delta, "%Y-%m-%d", today=today))
    assert (today - there).days == delta
