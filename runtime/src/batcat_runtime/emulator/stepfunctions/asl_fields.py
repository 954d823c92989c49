"""Which fields the Amazon States Language has, by type of state and query language.

Source: https://states-language.net/ and the state pages of
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html.
"""

from __future__ import annotations

JSONPATH = "JSONPath"
JSONATA = "JSONata"

MACHINE = frozenset({"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"})
BRANCH = frozenset({"Comment", "StartAt", "States", "QueryLanguage"})
PROCESSOR = BRANCH | {"ProcessorConfig"}

TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
_ANY = {"Type", "Comment", "QueryLanguage"}
_FLOW = {"Next", "End"}
_ERRORS = {"Retry", "Catch"}
_PATHS = {"InputPath", "OutputPath"}
_RESULT = {"Parameters", "ResultPath", "ResultSelector"}
_MAP = {
    "ItemProcessor",
    "Iterator",
    "ItemSelector",
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "MaxConcurrency",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Label",
}

_JSONPATH_FIELDS = {
    "Task": {
        *_PATHS,
        *_FLOW,
        *_ERRORS,
        *_RESULT,
        "Resource",
        "Credentials",
        "Assign",
        "TimeoutSeconds",
        "TimeoutSecondsPath",
        "HeartbeatSeconds",
        "HeartbeatSecondsPath",
    },
    "Pass": {*_PATHS, *_FLOW, "Parameters", "ResultPath", "Result", "Assign"},
    "Choice": {*_PATHS, "Choices", "Default", "Assign"},
    "Wait": {*_PATHS, *_FLOW, "Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Assign"},
    "Succeed": set(_PATHS),
    "Fail": {"Error", "ErrorPath", "Cause", "CausePath"},
    "Parallel": {*_PATHS, *_FLOW, *_ERRORS, *_RESULT, "Branches", "Assign"},
    "Map": {
        *_PATHS,
        *_FLOW,
        *_ERRORS,
        *_RESULT,
        *_MAP,
        "ItemsPath",
        "MaxConcurrencyPath",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentagePath",
        "Assign",
    },
}

_JSONATA_FIELDS = {
    "Task": {
        *_FLOW,
        *_ERRORS,
        "Resource",
        "Credentials",
        "Arguments",
        "Output",
        "Assign",
        "TimeoutSeconds",
        "HeartbeatSeconds",
    },
    "Pass": {*_FLOW, "Output", "Assign"},
    "Choice": {"Choices", "Default", "Output", "Assign"},
    "Wait": {*_FLOW, "Seconds", "Timestamp", "Output", "Assign"},
    "Succeed": {"Output"},
    "Fail": {"Error", "Cause"},
    "Parallel": {*_FLOW, *_ERRORS, "Arguments", "Branches", "Output", "Assign"},
    "Map": {*_FLOW, *_ERRORS, *_MAP, "Items", "Output", "Assign"},
}

STATE = {
    JSONPATH: {kind: frozenset(_ANY | fields) for kind, fields in _JSONPATH_FIELDS.items()},
    JSONATA: {kind: frozenset(_ANY | fields) for kind, fields in _JSONATA_FIELDS.items()},
}
"""Fields of a state: query language, then type."""

REQUIRED = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}

ONE_OF = {
    "Task": (("Next", "End"),),
    "Pass": (("Next", "End"),),
    "Wait": (("Next", "End"), ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")),
    "Parallel": (("Next", "End"),),
    "Map": (("Next", "End"), ("ItemProcessor", "Iterator")),
}
"""Groups of which a state of that type has exactly one."""

NOT_BOTH = (
    ("TimeoutSeconds", "TimeoutSecondsPath"),
    ("HeartbeatSeconds", "HeartbeatSecondsPath"),
    ("Error", "ErrorPath"),
    ("Cause", "CausePath"),
    ("MaxConcurrency", "MaxConcurrencyPath"),
    ("Parameters", "ItemSelector"),
)

RETRIER = frozenset(
    {
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "MaxDelaySeconds",
        "JitterStrategy",
        "Comment",
    }
)
CATCHER = {
    JSONPATH: frozenset({"ErrorEquals", "Next", "ResultPath", "Assign", "Comment"}),
    JSONATA: frozenset({"ErrorEquals", "Next", "Output", "Assign", "Comment"}),
}

NOT_EMULATED_FIELDS = {
    "Credentials": "let the state machine's own role do it",
    "ItemBatcher": "pass smaller lists, or batch them in a state before",
    "ResultWriter": "the results are the state's output",
    "ToleratedFailureCount": "any failed item fails the state here",
    "ToleratedFailureCountPath": "any failed item fails the state here",
    "ToleratedFailurePercentage": "any failed item fails the state here",
    "ToleratedFailurePercentagePath": "any failed item fails the state here",
}
"""Fields AWS has and moto's engine cannot parse or ignores, with what to know or do."""

_COMPARED = {
    "String": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
    "Numeric": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
    "Boolean": ("Equals",),
    "Timestamp": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
}
OPERATORS = {
    f"{kind}{comparison}{path}": (kind, bool(path))
    for kind, comparisons in _COMPARED.items()
    for comparison in comparisons
    for path in ("", "Path")
}
"""Comparison operators of a JSONPath Choice rule: kind of operand, and whether it is a path."""
TESTS = ("IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp")
