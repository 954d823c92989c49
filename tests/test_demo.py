"""``make demo`` shows a whole run, again and again."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
Run = Callable[..., Any]


@pytest.mark.long
def test_the_demo_makes_itself_anew_and_ends_with_its_result(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "demo"
    old = folder / "data" / "result" / "old.csv"
    old.parent.mkdir(parents=True)
    old.write_text("id\n", encoding="utf-8")
    (folder / ".copier-answers.yml").write_text("{}\n", encoding="utf-8")
    said = run(REPOSITORY, "python", "tests/demo.py", str(folder)).stdout
    in_order = [
        r"\$ copier copy",
        r"\$ python script/train.py",
        r"\$ batcat run",
        r"preprocess +succeeded",
        r"inference +succeeded",
        r"id  probability  prediction",
        r"Result: data/result/",
        rf"From here, the result lies in {os.path.relpath(folder, REPOSITORY)}/data/result/",
    ]
    places = [found.start() for word in in_order if (found := re.search(word, said))]
    assert len(places) == len(in_order), said
    assert places == sorted(places)
    (result,) = (folder / "data" / "result").rglob("*.csv")
    assert len(result.read_text(encoding="utf-8").splitlines()) == 144


def test_the_demo_leaves_a_folder_of_somebody_else_alone(tmp_path: Path, run: Run) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    done = run(REPOSITORY, "python", "tests/demo.py", str(tmp_path), code=1)
    assert "is no generated project" in done.stderr
    assert (tmp_path / "thesis.txt").exists()
