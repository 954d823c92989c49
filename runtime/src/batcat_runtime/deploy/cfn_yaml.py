"""Read CloudFormation's YAML: plain YAML plus short tags such as ``!Sub`` and ``!GetAtt``.

Source of the tags: AWS CloudFormation User Guide, "Intrinsic function reference".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import ConfigError, MissingError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN = ("Ref", "Condition")  # every other tag !X is Fn::X


def load(file: Path) -> dict[str, Any]:
    """Read a template, with every short tag written out in its long form.

    Args:
        file: path of the template.

    Returns:
        The template as plain dictionaries, lists and values.

    Raises:
        MissingError: there is no such file.
        ConfigError: it is not YAML, or not a mapping.
        MissingExtraError: PyYAML is not installed.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise MissingError(
            f"{file} does not exist; it comes with the project: run copier update --defaults"
        ) from error
    return loads(text, str(file))


def loads(text: str, name: str = "the template") -> dict[str, Any]:
    """Read a template from text; see :func:`load`."""
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError("PyYAML", "cli") from error
    try:
        # A SafeLoader with constructors of our own, which make nothing but plain data.
        document = yaml.load(text, Loader=_loader())  # noqa: S506 - see above
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ""
        raise ConfigError(f"{name}:{where} {getattr(error, 'problem', error)}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{name} must hold a mapping with Resources")
    return document


def _loader() -> Any:
    import yaml

    # The one in C takes a sixth of the time, and not every wheel has it.
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]  # a class that is known when it runs
        """Knows CloudFormation's tags, and dates are text as CloudFormation takes them."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, rule) for tag, rule in rules if tag != "tag:yaml.org,2002:timestamp"]
        for first, rules in base.yaml_implicit_resolvers.items()
    }
    Loader.add_multi_constructor("!", _tagged)
    return Loader


def _tagged(loader: Any, tag: str, node: Any) -> dict[str, Any]:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        # !GetAtt Logical.Attribute: only the first dot separates; attributes may hold dots.
        value = value.split(".", 1)
    return {tag if tag in _PLAIN else f"Fn::{tag}": value}
