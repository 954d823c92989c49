"""Metric math: expressions over series of data points.

Source: "Using math expressions with CloudWatch metrics" in the CloudWatch user guide. What is not
known to mean the same is refused by name.
"""

from __future__ import annotations

import ast
import operator
import re
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

Series = dict[int, float]

ARITHMETIC: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Gt: lambda a, b: float(a > b),
    ast.GtE: lambda a, b: float(a >= b),
    ast.Lt: lambda a, b: float(a < b),
    ast.LtE: lambda a, b: float(a <= b),
    ast.Eq: lambda a, b: float(a == b),
    ast.NotEq: lambda a, b: float(a != b),
}
TOGETHER: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
EACH: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": ceil, "FLOOR": floor}
FUNCTIONS = (*TOGETHER, *EACH, "METRICS", "FILL", "IF")


def names_in(text: str) -> set[str]:
    """Ids of the metrics that an expression uses.

    Raises:
        NotEmulated: it uses a function that is not emulated.
        ServiceError: it cannot be read.
    """
    return {
        node.id
        for node in ast.walk(_tree(text))
        if isinstance(node, ast.Name) and node.id not in (*FUNCTIONS, "REPEAT")
    }


def evaluate(
    text: str, series: dict[str, Series], moments: list[int], metrics: list[Series]
) -> Series:
    """The data points of an expression.

    Args:
        text: the expression.
        series: data points of each id that it may use.
        moments: beginnings of all periods, for what is filled.
        metrics: data points of what is no expression, for ``METRICS()``.

    Raises:
        NotEmulated: it uses a function that is not emulated.
        ServiceError: it cannot be read, or its result is not a series.
    """
    value = _Evaluation(text, series, moments, metrics).of(_tree(text).body)
    if isinstance(value, list):
        raise _wrong(text, "its result is an array of series")
    return value if isinstance(value, dict) else dict.fromkeys(moments, float(value))


def _tree(text: str) -> ast.Expression:
    # A power is written ^; AND and OR are those of the user guide.
    python = re.sub(r"\b(AND|OR)\b", lambda found: found[0].lower(), text.replace("^", "**"))
    python = python.replace("&&", " and ").replace("||", " or ")
    try:
        tree = ast.parse(python.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise _wrong(text, "it cannot be read") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", "")
            if name not in FUNCTIONS:
                raise NotEmulated(f"cloudwatch metric math function {name or text}")
    return tree


class _Evaluation:
    """One expression, evaluated over the series there are."""

    def __init__(
        self, text: str, series: dict[str, Series], moments: list[int], metrics: list[Series]
    ) -> None:
        self._text, self._series, self._moments = text, series, moments
        self._metrics = metrics
        self._readers: dict[type, Callable[[Any], Any]] = {
            ast.Name: self._name,
            ast.BinOp: self._binary,
            ast.Compare: self._compare,
            ast.BoolOp: self._boolean,
            ast.UnaryOp: self._unary,
            ast.List: lambda node: [self._one_series(item) for item in node.elts],
            ast.Call: self._call,
        }

    def of(self, node: ast.expr) -> Any:
        """Value of a part of the expression."""
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return float(node.value)
        for kind, read in self._readers.items():
            if isinstance(node, kind):
                return read(node)
        raise _wrong(self._text, "it cannot be read")

    def _name(self, node: ast.Name) -> Series:
        if node.id not in self._series:
            raise _wrong(self._text, f"there is no metric with the id {node.id}")
        return self._series[node.id]

    def _binary(self, node: ast.BinOp) -> Any:
        return self._combine(self._operator(node.op), self.of(node.left), self.of(node.right))

    def _compare(self, node: ast.Compare) -> Any:
        if len(node.ops) > 1:
            raise _wrong(self._text, "one comparison at a time")
        sign = self._operator(node.ops[0])
        return self._combine(sign, self.of(node.left), self.of(node.comparators[0]))

    def _unary(self, node: ast.UnaryOp) -> Any:
        if not isinstance(node.op, ast.USub):
            raise _wrong(self._text, "it cannot be read")
        return self._each(operator.neg, self.of(node.operand))

    def _operator(self, node: Any) -> Callable[[float, float], float]:
        if type(node) not in ARITHMETIC:
            raise _wrong(self._text, "it cannot be read")
        return ARITHMETIC[type(node)]

    def _call(self, node: ast.Call) -> Any:
        name = str(getattr(node.func, "id", ""))
        given = node.args
        if name == "METRICS" and not given:
            return self._metrics
        if name == "METRICS":
            raise NotEmulated(f"cloudwatch metric math METRICS of some ids ({self._text})")
        if name == "FILL" and len(given) == 2:  # noqa: PLR2004 - its arguments
            return self._fill(self._one_series(given[0]), given[1])
        if name == "IF" and len(given) in (2, 3):
            return self._choose(*[self.of(item) for item in given])
        if len(given) != 1:
            raise _wrong(self._text, f"{name} has another number of arguments")
        value = self.of(given[0])
        if name in EACH:
            return self._each(EACH[name], value)
        return _together(TOGETHER[name], value)

    def _boolean(self, node: ast.BoolOp) -> Any:
        both = isinstance(node.op, ast.And)

        def test(a: float, b: float) -> float:
            return float((a and b) if both else (a or b)) and 1.0

        result = self.of(node.values[0])
        for item in node.values[1:]:
            result = self._combine(test, result, self.of(item))
        return result

    def _fill(self, series: Series, node: ast.expr) -> Series:
        if isinstance(node, ast.Name) and node.id == "REPEAT":
            filled, last = {}, None
            for moment in self._moments:
                last = series.get(moment, last)
                if last is not None:
                    filled[moment] = last
            return filled
        value = self.of(node)
        if isinstance(value, float):
            return {**dict.fromkeys(self._moments, value), **series}
        return {**value, **series}

    def _choose(self, test: Any, yes: Any, no: Any = None) -> Series:
        chosen: Series = {}
        for moment in self._moments:
            sure = _at(test, moment)
            value = None if sure is None else _at(yes if sure else no, moment)
            if value is not None:
                chosen[moment] = value
        return chosen

    def _combine(self, act: Callable[[float, float], float], left: Any, right: Any) -> Any:
        if isinstance(left, list) or isinstance(right, list):
            raise NotEmulated(f"cloudwatch metric math over arrays ({self._text})")
        if isinstance(left, float) and isinstance(right, float):
            return act(left, right)
        result: Series = {}
        for moment in left if isinstance(left, dict) else right:
            a, b = _at(left, moment), _at(right, moment)
            if a is not None and b is not None and not (act is operator.truediv and b == 0):
                result[moment] = float(act(a, b))
        return result

    def _each(self, act: Callable[[float], float], value: Any) -> Any:
        if isinstance(value, dict):
            return {moment: float(act(one)) for moment, one in value.items()}
        if isinstance(value, list):
            raise NotEmulated(f"cloudwatch metric math over arrays ({self._text})")
        return float(act(value))

    def _one_series(self, node: ast.expr) -> Series:
        value = self.of(node)
        if not isinstance(value, dict):
            raise _wrong(self._text, "a series is needed where it has something else")
        return value


def _together(act: Callable[[list[float]], float], value: Any) -> Any:
    """Of an array of series a series; of one series, one number."""
    if isinstance(value, dict):
        return float(act(list(value.values()))) if value else 0.0
    if not isinstance(value, list):
        return value
    moments = sorted({moment for series in value for moment in series})
    return {
        moment: float(act([series[moment] for series in value if moment in series]))
        for moment in moments
    }


def _at(value: Any, moment: int) -> float | None:
    return value.get(moment) if isinstance(value, dict) else value


def _wrong(text: str, why: str) -> ServiceError:
    return ServiceError("ValidationError", f"Error in expression '{text}': {why}")
