"""PutRule, PutTargets and PutEvents: moto keeps the rules, here events reach their targets.

moto knows neither Lambda nor Step Functions as targets (it answers 500), never fires a schedule,
lets disabled rules fire, takes any pattern, and forgets what could not be delivered.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.cloudwatch.published import publish
from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError
from batcat_runtime.emulator.sending import Sender, kind_of

from . import entries, patterns, targets
from .clock import clock_of
from .delivery import LONGEST_AGE, MOST_ATTEMPTS, Delivery, check_dead_letters
from .schedules import ScheduleError, next_time

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

PRINCIPAL = "events.amazonaws.com"
TARGET_FIELDS = {
    *("Id", "Arn", "RoleArn", "Input", "InputPath", "InputTransformer"),
    *("DeadLetterConfig", "RetryPolicy"),
}
REPORTED = {
    "attempt": ("InvocationAttempts",),
    "arrived": ("Invocations", "SuccessfulInvocationAttempts"),
    "dropped": ("Invocations", "FailedInvocations"),
    "dead": ("InvocationsSentToDlq",),
    "stuck": ("InvocationsFailedToBeSentToDlq",),
}
"""Outcome of a delivery to its metrics ("Monitoring Amazon EventBridge" in the user guide)."""

NEED_ROLE = ("states",)
INPUTS = ("Input", "InputPath", "InputTransformer")


def patch(world: World) -> None:
    """Replace what moto does with rules, targets and events.

    Args:
        world: makes the clients that call the targets.
    """
    from moto.events import models

    backend = models.EventsBackend
    put_rule, put_targets = backend.put_rule, backend.put_targets
    delete_rule, disable, enable = backend.delete_rule, backend.disable_rule, backend.enable_rule
    list_rules = backend.list_rules

    def checked_put_rule(self: Any, name: str, **options: Any) -> Any:
        _check_rule(options)
        rule = put_rule(self, name, **options)
        _schedule(world, rule)
        return rule

    def checked_put_targets(self: Any, name: str, event_bus_arn: Any, wanted: Any) -> None:
        for target in wanted:
            _check_target(world, target)
        put_targets(self, name, event_bus_arn, wanted)

    def literally_list(self: Any, prefix: str | None = None, **options: Any) -> Any:
        # moto takes the prefix for a regular expression.
        return list_rules(self, prefix=re.escape(prefix) if prefix else None, **options)

    def unscheduling_delete(self: Any, name: str, event_bus_arn: Any) -> None:
        rule = _rule_of(self, name, event_bus_arn)
        delete_rule(self, name, event_bus_arn)
        if rule is not None:
            clock_of(world).set(rule.arn, None, lambda _: None)

    def scheduling_disable(self: Any, name: str, event_bus_arn: Any) -> bool:
        done = disable(self, name, event_bus_arn)
        _reschedule(world, self, name, event_bus_arn)
        return bool(done)

    def scheduling_enable(self: Any, name: str, event_bus_arn: Any) -> bool:
        done = enable(self, name, event_bus_arn)
        _reschedule(world, self, name, event_bus_arn)
        return bool(done)

    def send(self: Any, original_event: Any, transform_input: bool = True) -> None:
        del transform_input
        offer(world, self, as_event(original_event))

    replace(
        backend,
        put_rule=checked_put_rule,
        put_targets=checked_put_targets,
        put_events=entries.checked(backend.put_events),
        list_rules=literally_list,
        delete_rule=unscheduling_delete,
        disable_rule=scheduling_disable,
        enable_rule=scheduling_enable,
    )
    replace(models.Rule, send_to_targets=send)


def as_event(event: dict[str, Any]) -> dict[str, Any]:
    """An event as its targets see it: moto's own fields gone, the time as text."""
    shown = {key: value for key, value in event.items() if key != "ingestion-time"}
    when = shown.get("time")
    if not isinstance(when, str):
        if isinstance(when, (int, float)):
            when = datetime.fromtimestamp(when, timezone.utc)
        when = (when or datetime.now(timezone.utc)).astimezone(timezone.utc)
        shown["time"] = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    return shown


def new_event(world: World, region: str, **fields: Any) -> dict[str, Any]:
    """An event with the envelope every event has.

    Args:
        world: whose account it is.
        region: where it happens.
        fields: ``source``, ``detail_type``, ``resources``, ``detail`` and ``time`` (a datetime).
    """
    event = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": fields["detail_type"],
        "source": fields["source"],
        "account": world.account,
        "time": fields["time"],
        "region": region,
        "resources": fields["resources"],
        "detail": fields["detail"],
    }
    return as_event(event)


def announce(world: World, region: str, **fields: Any) -> None:
    """Send an event of AWS's own to the rules of the default bus.

    Args:
        world: whose bus it is.
        region: where it happens.
        fields: as :func:`new_event` takes them.
    """
    models = sys.modules.get("moto.events.models")
    if models is None:  # nobody has made a rule yet
        return
    event = new_event(world, region, **fields)
    buses = models.events_backends[world.account][region].event_buses
    for rule in list(buses["default"].rules.values()):
        offer(world, rule, event)


def offer(world: World, rule: Any, event: dict[str, Any]) -> None:
    """Send an event to a rule's targets if the rule wants it.

    Args:
        world: makes the clients.
        rule: moto's rule.
        event: the event as its targets see it.
    """
    pattern = rule.event_pattern.get_pattern()
    if rule.state == "ENABLED" and pattern and patterns.matches(pattern, event):
        send_to_targets(world, rule, event)


def send_to_targets(world: World, rule: Any, event: dict[str, Any]) -> None:
    """Send an event to every target of a rule.

    Args:
        world: makes the clients.
        rule: moto's rule.
        event: the event as its targets see it.
    """
    ingested = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    _report(world, rule, ("TriggeredRules",))
    for target in list(rule.targets):
        policy = target.get("RetryPolicy") or {}
        Delivery(
            world,
            target["Arn"],
            targets.transform(target, event, rule.arn, ingested),
            Sender(PRINCIPAL, rule.arn, target.get("RoleArn")),
            f"rule {rule.name}",
            dead=(target.get("DeadLetterConfig") or {}).get("Arn"),
            letter=json.dumps(event),
            details={"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"]},
            retries=policy.get("MaximumRetryAttempts", MOST_ATTEMPTS),
            age=policy.get("MaximumEventAgeInSeconds", LONGEST_AGE),
            report=lambda what: _report(world, rule, REPORTED.get(what, ())),
        ).start()


def _report(world: World, rule: Any, metrics: tuple[str, ...]) -> None:
    values = dict.fromkeys(metrics, 1)
    publish(world, rule.region_name, "AWS/Events", {"RuleName": rule.name}, **values)


def _check_rule(options: dict[str, Any]) -> None:
    if options.get("event_pattern"):
        try:
            patterns.parse(options["event_pattern"])
        except patterns.PatternError as error:
            raise ServiceError(
                "InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}"
            ) from error
    expression = options.get("scheduled_expression")
    if expression:
        try:
            next_time(expression, datetime.now(timezone.utc))
        except ScheduleError as error:
            raise ServiceError(
                "ValidationException", f"Parameter ScheduleExpression is not valid. {error}"
            ) from error
        if expression.startswith("at("):
            raise ServiceError("ValidationException", "Parameter ScheduleExpression is not valid.")


def _check_target(world: World, target: dict[str, Any]) -> None:
    kind = kind_of(target["Arn"])
    check_dead_letters(target.get("DeadLetterConfig"), f"target {target['Id']}")
    unknown = sorted(set(target) - TARGET_FIELDS)
    if unknown:
        raise NotEmulated(f"events PutTargets parameter {', '.join(unknown)}")
    given = [name for name in INPUTS if target.get(name) is not None]
    if len(given) > 1:
        raise ServiceError(
            "ValidationException",
            f"Only one of Input, InputPath, or InputTransformer must be provided for target "
            f"{target['Id']}.",
        )
    if target.get("Input") is not None:
        try:
            json.loads(target["Input"])
        except ValueError as error:
            raise ServiceError(
                "ValidationException",
                f"Parameter Input of target {target['Id']} is not valid JSON: {error}",
            ) from error
    if kind in NEED_ROLE and not target.get("RoleArn"):
        raise ServiceError(
            "ValidationException", f"RoleArn is required for target {target['Arn']}."
        )
    if target.get("RoleArn"):
        targets.check_role(
            world,
            target["RoleArn"],
            PRINCIPAL,
            f"Provided role '{target['RoleArn']}' cannot be assumed by principal '{PRINCIPAL}'.",
        )


def _rule_of(backend: Any, name: str, event_bus_arn: Any) -> Any:
    bus = backend.event_buses.get((event_bus_arn or "default").split("/")[-1])
    return bus.rules.get(name) if bus else None


def _reschedule(world: World, backend: Any, name: str, event_bus_arn: Any) -> None:
    rule = _rule_of(backend, name, event_bus_arn)
    if rule is not None:
        _schedule(world, rule)


def _schedule(world: World, rule: Any) -> None:
    """Let the clock fire a rule; a rate begins when the rule is put or enabled."""
    clock = clock_of(world)
    expression = rule.scheduled_expression
    anchor = clock.now()

    def following(after: datetime) -> datetime | None:
        due = next_time(expression, after, anchor=anchor)
        return due if due is None or due > anchor else next_time(expression, anchor)

    def fire(when: datetime) -> datetime | None:
        event = new_event(
            world,
            rule.region_name,
            source="aws.events",
            detail_type="Scheduled Event",
            resources=[rule.arn],
            detail={},
            time=when,
        )
        send_to_targets(world, rule, event)
        return following(clock.now())

    enabled = bool(expression) and rule.state == "ENABLED"
    clock.set(rule.arn, following(anchor) if enabled else None, fire)
