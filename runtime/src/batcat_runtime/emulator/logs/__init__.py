"""Extension of moto's CloudWatch Logs: what it takes without looking at it.

::

    patterns  pure: which messages a filter pattern matches, and which patterns are right
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.cloudwatch.embedded import extract
from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

from . import patterns

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

RETENTION_DAYS = frozenset(
    [
        *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557),
        *(2922, 3288, 3653),
    ]
)
"""Source: ``retentionInDays`` of PutRetentionPolicy in botocore's model of logs."""


def install(world: World) -> None:
    """Put filter patterns, and checks, in place of moto's; lines may carry metrics."""
    from moto.logs import models
    from moto.logs.responses import LogsResponse

    backend = models.LogsBackend
    find: Any = models.LogGroup.filter_log_events
    retain: Any = backend.put_retention_policy
    permit: Any = backend.put_resource_policy

    def filter_log_events(self: Any, *arguments: Any) -> Any:
        *most, pattern, _ = arguments
        _, streams, *_ = most
        if any(name not in self.streams for name in streams or ()):
            raise _missing("log stream")
        patterns.parse(pattern or "")  # a wrong one is an error also where nothing was logged
        return find(self, *most, pattern, True)  # AWS always interleaves

    def put_retention_policy(self: Any, log_group_name: str, retention_in_days: int) -> None:
        if retention_in_days not in RETENTION_DAYS:
            allowed = ", ".join(str(days) for days in sorted(RETENTION_DAYS))
            raise ServiceError(
                "InvalidParameterException",
                f"retentionInDays {retention_in_days} is not one of {allowed}",
            )
        retain(self, log_group_name, retention_in_days)

    def put_resource_policy(self: Any, policy_name: str, policy_doc: str) -> Any:
        if not policy_name or not _is_object(policy_doc):
            raise ServiceError(
                "InvalidParameterException", "policyName and a JSON policyDocument are required"
            )
        return permit(self, policy_name, policy_doc)

    def checked(act: Any) -> Any:
        def for_a_group(self: Any, arn: str, *more: Any) -> Any:
            if all(group.arn != arn for group in self.groups.values()):
                raise _missing("resource")
            return act(self, arn, *more)

        return for_a_group

    # moto has no such operations; a response's methods are its operations.
    LogsResponse.associate_kms_key = _with_key  # type: ignore[attr-defined]
    LogsResponse.disassociate_kms_key = _with_key  # type: ignore[attr-defined]
    replace(models, EventMessageFilter=_Filter)
    replace(models.LogGroup, filter_log_events=filter_log_events)
    replace(
        backend,
        put_log_events=_extracting(world, backend.put_log_events),
        put_retention_policy=put_retention_policy,
        put_resource_policy=put_resource_policy,
        tag_resource=checked(backend.tag_resource),
        untag_resource=checked(backend.untag_resource),
        list_tags_for_resource=checked(backend.list_tags_for_resource),
    )


def _extracting(world: World, put: Any) -> Any:
    def put_log_events(self: Any, group: str, stream: str, events: list[dict[str, Any]]) -> Any:
        answer = put(self, group, stream, events)
        for event in events:
            extract(world, self.region_name, event["message"])
        return answer

    return put_log_events


def _with_key(self: Any) -> str:
    """Let a group have another key, or that of CloudWatch Logs."""
    group = self.logs_backend.groups.get(self._get_param("logGroupName"))
    if group is None:
        raise _missing("log group")
    group.kms_key_id = self._get_param("kmsKeyId")
    return ""


def _missing(what: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"The specified {what} does not exist.")


class _Filter:
    """A filter pattern as moto asks for it."""

    def __init__(self, pattern: str) -> None:
        self._pattern = patterns.parse(pattern or "")

    def matches(self, message: str) -> bool:
        """Whether the message is wanted."""
        return self._pattern.matches(message)


def _is_object(document: str) -> bool:
    try:
        return isinstance(json.loads(document or ""), dict)
    except ValueError:
        return False
