"""``batcat layer`` as a user runs it."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import User


def test_a_layer_is_built_for_another_machine_and_described(newcomer: User) -> None:
    """Without an account and in any folder; then it is not replaced unasked."""
    said = newcomer.batcat("layer", "--arch", "arm64", "--python", "3.13", "--json")
    assert said.code == 0, said.err
    found = said.document
    assert (found["layer"], found["python"], found["architecture"]) == (
        "layer.zip",
        "3.13",
        "arm64",
    )
    assert found["unzipped"] <= 225_000_000
    assert re.search(r"for Python 3\.13 on arm64, \d+ MB zipped, \d+ MB unzipped", said.err)
    assert re.search(r"Room: \d+ MB of Lambda's 262 MB are left", said.err)
    assert "Publish it through S3" in said.err
    with zipfile.ZipFile(newcomer.folder / "layer.zip") as archive:
        names = archive.namelist()
    libraries = [name for name in names if ".cpython-" in name]
    assert libraries
    assert all(name.endswith(".cpython-313-aarch64-linux-gnu.so") for name in libraries)

    again = newcomer.batcat("layer")
    assert (again.code, again.out) == (2, "")
    assert again.err == (
        "Error: layer.zip exists; remove it, choose another --output, or say --force\n"
    )


def test_help_shows_examples(newcomer: User) -> None:
    """As of every verb."""
    said = newcomer.batcat("layer", "--help")
    assert re.search(r"^  batcat layer", said.out.partition("Examples:")[2], re.MULTILINE)
