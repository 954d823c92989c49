"""The README of a project shows what was answered as it was typed, and says what is true of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

Render = Callable[..., Path]
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def blocks(project: Path) -> list[tuple[str, str]]:
    """Each block of text in README.md: what it is in, and the text a reader sees."""
    tokens = MARKDOWN.parse((project / "README.md").read_text(encoding="utf-8"))
    seen = []
    for before, token in pairwise(tokens):
        if token.type == "inline":
            parts = token.children or []
            plain = {part.type for part in parts} <= {"text"}
            text = "".join(part.content for part in parts)
            seen.append((before.type if plain else "marked up", text))
    return seen


@pytest.mark.parametrize(
    "text",
    [
        "# not a heading",
        "<b>bold</b> &amp; <!-- gone -->",
        "[a link](https://example.org) ![image](x.png) [1]: y",
        "`code` *stars* **more** _low_ __lines__ ~~gone~~",
        "- not a list",
        "+ not a list",
        "1. not a list",
        "12) not a list",
        "> not a quotation",
        "---",
        "===",
        "~~~ not code",
        "    not code either",
        "| not | a | table |",
        "ends with a backslash \\",
        "\\*escaped\\* already, $x^2$",
        "<https://example.org>",
        "{{ 7 * 7 }} {% raw %} 健康 é 🐈",
    ],
)
def test_markdown_in_an_answer_is_shown_as_it_was_typed(
    render: Render, tmp_path: Path, text: str
) -> None:
    seen = blocks(render(tmp_path / "p", description=text, author=text))
    assert seen[1] == ("paragraph_open", text.strip())
    assert seen[2] == ("paragraph_open", f"Owner: {text.strip()}")


@pytest.mark.parametrize(
    ("answers", "told", "not_told"),
    [
        ({"trigger": "manual"}, "Nothing starts the workflow by itself", "starts at once"),
        (
            {"trigger": "schedule", "schedule_expression": "rate(1 day)"},
            "A rate starts at once",
            "Nothing starts",
        ),
        ({"trigger": "schedule"}, "(0 6 * * ? *) (UTC, or schedule_timezone)", "starts at once"),
        ({"trigger": "s3"}, "whatever its name", "The schedule"),
        ({"example": False}, "Then commit what there is", "train"),
        ({"steps": "load, report"}, 'steps="load, report, publish"', "report, report"),
        (
            {"steps": [f"s{n}" for n in range(20)]},
            f'steps="{", ".join(f"s{n}" for n in range(19))}"',
            "s19, report",
        ),
        ({"licence": "none"}, "the trained model included", "LICENSE"),
    ],
)
def test_it_says_what_is_true_of_these_answers(
    render: Render, tmp_path: Path, answers: dict[str, object], told: str, not_told: str
) -> None:
    text = "\n".join(text for _, text in blocks(render(tmp_path / "p", **answers)))
    assert told in text
    assert not_told not in text
