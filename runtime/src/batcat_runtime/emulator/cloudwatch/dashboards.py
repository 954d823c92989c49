"""Whether a dashboard's body is right: widgets, their places, and what they show.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html,
and "CloudWatch service quotas" in the user guide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLUMNS = 24
MOST_WIDGETS = 500
MOST_HEIGHT = 1000
MOST_METRICS = 500
MOST_METRICS_IN_ALL = 2500
MOST_ALARMS = 100
MOST_DIMENSIONS = 30
TOP = ("end", "periodOverride", "start", "variables", "widgets")
PLACE = {"x": (0, COLUMNS - 1), "y": (0, None), "width": (1, COLUMNS), "height": (1, MOST_HEIGHT)}
WIDGET = ("type", "properties", *PLACE)
VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
METRIC = (
    *("metrics", "annotations", "region", "title", "period", "stat", "view", "stacked", "yAxis"),
    *("legend", "liveData", "setPeriodToTimeRange", "sparkline", "timezone", "trend", "labels"),
    *("accountId", "start", "end", "table", "singleValueFullPrecision"),
)
RENDERING = (
    *("color", "expression", "id", "label", "period", "region", "stat", "visible", "yAxis"),
    "accountId",
)
LOG = ("query", "region", "title", "view", "stacked", "accountId", "queryLanguage", "logGroups")
ALARM = ("alarms", "sortBy", "states", "title")
TEXT = ("markdown", "background")


def problems(body: str) -> list[tuple[str, str]]:
    """What is wrong with a body: the place, as a path, and why.

    Args:
        body: JSON text.
    """
    try:
        document = json.loads(body)
    except ValueError as error:
        return [("/", f"The body is not JSON: {error}")]
    if not isinstance(document, dict):
        return [("/", "Should be object")]
    return list(_document(document))


def _document(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _unknown(document, TOP, "")
    widgets = document.get("widgets")
    if not isinstance(widgets, list):
        yield "/widgets", "Should be array"
        return
    if len(widgets) > MOST_WIDGETS:
        yield "/widgets", f"Should have at most {MOST_WIDGETS} items"
    if sum(map(_metrics_of, widgets)) > MOST_METRICS_IN_ALL:
        yield "/widgets", f"Should have at most {MOST_METRICS_IN_ALL} metrics in all"
    for index, widget in enumerate(widgets):
        here = f"/widgets/{index}"
        if not isinstance(widget, dict):
            yield here, "Should be object"
            continue
        yield from _place(widget, here)
        kind, shown = widget.get("type"), widget.get("properties")
        if kind not in _WIDGETS:
            yield f"{here}/type", f"Should be one of {', '.join(_WIDGETS)}"
        elif not isinstance(shown, dict):
            yield f"{here}/properties", "Should be object"
        else:
            yield from _WIDGETS[kind](shown, f"{here}/properties")


def _metrics_of(widget: Any) -> int:
    shown = widget.get("properties") if isinstance(widget, dict) else None
    metrics = shown.get("metrics") if isinstance(shown, dict) else None
    return len(metrics) if isinstance(metrics, list) else 0


def _place(widget: dict[str, Any], here: str) -> Iterator[tuple[str, str]]:
    yield from _unknown(widget, WIDGET, here)
    for name, (least, most) in PLACE.items():
        value = widget.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{here}/{name}", "Should be integer"
        elif value < least or (most is not None and value > most):
            yield f"{here}/{name}", f"Should be in {least}-{most if most is not None else ''}"
    x, width = widget.get("x"), widget.get("width", 6)
    if isinstance(x, int) and isinstance(width, int) and x + width > COLUMNS:
        yield f"{here}/width", f"Reaches beyond the {COLUMNS} columns of the grid"
    if ("x" in widget) != ("y" in widget):
        yield here, "x and y belong together"


def _metric(shown: dict[str, Any], here: str) -> Iterator[tuple[str, str]]:
    yield from _unknown(shown, METRIC, here)
    metrics, notes = shown.get("metrics"), shown.get("annotations")
    if metrics is None and not (isinstance(notes, dict) and notes.get("alarms")):
        yield here, "Should have metrics, or annotations with alarms"
    if metrics is not None:
        yield from _metrics(metrics, f"{here}/metrics")
        if not isinstance(shown.get("region"), str):
            yield f"{here}/region", "Should have required property 'region'"
    if shown.get("view", VIEWS[0]) not in VIEWS:
        yield f"{here}/view", f"Should be one of {', '.join(VIEWS)}"
    period = shown.get("period")
    if period is not None and not _is_period(period):
        yield f"{here}/period", "Should be 1, 5, 10, 30 or a multiple of 60"
    if "stacked" in shown and not isinstance(shown["stacked"], bool):
        yield f"{here}/stacked", "Should be boolean"


def _metrics(metrics: Any, here: str) -> Iterator[tuple[str, str]]:
    if not isinstance(metrics, list) or not 0 < len(metrics) <= MOST_METRICS:
        yield here, f"Should be an array of 1-{MOST_METRICS} metrics"
        return
    before: list[str] = []
    for index, entry in enumerate(metrics):
        place = f"{here}/{index}"
        if not isinstance(entry, list) or not entry:
            yield place, "Should be an array of a namespace, a name and dimensions"
            continue
        options = entry[-1] if isinstance(entry[-1], dict) else {}
        texts = entry[:-1] if isinstance(entry[-1], dict) else entry
        yield from _unknown(options, RENDERING, f"{place}/{len(entry) - 1}")
        if not texts:
            if "expression" not in options:
                yield place, "Should have an expression, or a namespace and a name"
            continue
        filled = _filled(texts, before)
        if filled is None:
            yield place, "Should be texts; . and ... repeat the metric before, which is shorter"
            continue
        before = filled
        if len(filled) < 2 or len(filled) % 2:  # noqa: PLR2004 - namespace and name, then pairs
            yield place, "Should be a namespace, a name, and pairs of a dimension and its value"
        elif len(filled) > 2 + 2 * MOST_DIMENSIONS:
            yield place, f"Should have at most {MOST_DIMENSIONS} dimensions"


def _filled(texts: list[Any], before: list[str]) -> list[str] | None:
    """A metric with what it repeats of the one before, or None where that is not there."""
    if not all(isinstance(text, str) for text in texts):
        return None
    if texts[0] == "...":
        rest = texts[1:]
        if len(rest) > len(before):
            return None
        return before[: len(before) - len(rest)] + rest
    filled = []
    for index, text in enumerate(texts):
        if text == "." and index >= len(before):
            return None
        filled.append(before[index] if text == "." else text)
    return filled


def _text(shown: dict[str, Any], here: str) -> Iterator[tuple[str, str]]:
    yield from _unknown(shown, TEXT, here)
    if not isinstance(shown.get("markdown"), str):
        yield f"{here}/markdown", "Should be string"


def _log(shown: dict[str, Any], here: str) -> Iterator[tuple[str, str]]:
    yield from _unknown(shown, LOG, here)
    for name in ("query", "region"):
        if not isinstance(shown.get(name), str):
            yield f"{here}/{name}", "Should be string"


def _alarm(shown: dict[str, Any], here: str) -> Iterator[tuple[str, str]]:
    yield from _unknown(shown, ALARM, here)
    alarms = shown.get("alarms")
    listed = alarms if isinstance(alarms, list) else []
    right = 0 < len(listed) <= MOST_ALARMS
    if not right or not all(isinstance(arn, str) and arn.startswith("arn:") for arn in listed):
        yield f"{here}/alarms", "Should be an array of 1-100 ARNs of alarms"


def _unknown(value: dict[str, Any], known: tuple[str, ...], here: str) -> Iterator[tuple[str, str]]:
    for name in value:
        if name not in known:
            yield f"{here}/{name}", "Should NOT have additional properties"


def _is_period(period: Any) -> bool:
    return isinstance(period, int) and period > 0 and (period in (1, 5, 10, 30) or period % 60 == 0)


_WIDGETS: dict[str, Callable[[dict[str, Any], str], Iterator[tuple[str, str]]]] = {
    "metric": _metric,
    "text": _text,
    "log": _log,
    "alarm": _alarm,
}
