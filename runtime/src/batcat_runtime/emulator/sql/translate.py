"""A query of Athena's in DuckDB's words.

Three passes: tables, names and calls are replaced; UNNEST becomes a subquery; then each operator
and call whose meaning depends on types is settled, what it depends on first. The types are those
that DuckDB's own binder gives the operands, in their place in the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from . import operators
from .aggregates import aggregated
from .calls import CALLS, SUMS
from .casts import converted, tried
from .errors import NotEmulatedError, QueryError
from .functions import known
from .kinds import from_sql
from .nodes import PENDING, call, core, in_order, is_wrapped, sql_of
from .scopes import bindable, refuse_aliases, visible_ctes
from .unnest import replace_unnest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .kinds import Kind

    Types = Callable[[str], list[Kind] | None]
    Relation = Callable[[exp.Table], str]

WEEKDAY = {"dow": "isodow", "day_of_week": "isodow", "doy": "doy", "day_of_year": "doy",
           "yow": "isoyear", "year_of_week": "isoyear", "day_of_month": "day"}  # fmt: skip
EXTRACTED = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
UNNAMED = "\x00"


class Translation:
    """One query on its way.

    Args:
        tree: as :func:`constructs.read` gives it; changed.
        relation: gives the name of DuckDB's view for a table.
        types: binds a query whose one ``len(row(…))`` asks for types; None if it has no such.
    """

    def __init__(self, tree: exp.Expr, relation: Relation, types: Types) -> None:
        # The root is held by a parent, so that it can be replaced like any other node.
        self._holder = exp.Subquery(this=tree)
        self._relation, self._types = relation, types

    def sql(self) -> str:
        """The query as DuckDB's SQL; unnamed columns start with :data:`UNNAMED`."""
        self._tables()
        if isinstance(self._holder.this, exp.Values):
            self._holder.set("this", _selected(self._holder.this))
        name_outputs(self._holder.this)
        for node in list(in_order(self._holder.this)):
            self._rename(node)
        for node in list(in_order(self._holder.this)):
            if isinstance(node, exp.Unnest):
                replace_unnest(node, self._types)
        refuse_aliases(self._holder.this, self._types)
        for node in list(in_order(self._holder.this)):
            self._settle(node)
        return sql_of(self._holder.this)

    def _tables(self) -> None:
        names = {table.db for table in self._holder.find_all(exp.Table) if table.db}
        for table in list(self._holder.find_all(exp.Table)):
            if not isinstance(table.this, exp.Identifier):
                raise NotEmulatedError(f"Athena table function {table.this}")
            if not table.db and table.name.lower() in visible_ctes(table):
                continue
            alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name))
            view = exp.to_identifier(self._relation(table), quoted=True)
            table.replace(exp.Table(this=view, alias=alias, joins=table.args.get("joins")))
        for column in self._holder.find_all(exp.Column):
            if column.args.get("db") and column.args["db"].name.lower() in names:
                column.set("db", None)
                column.set("catalog", None)

    def _rename(self, node: exp.Expr) -> None:
        """What is clear without types; and a form that DuckDB can bind for what is not."""
        if isinstance(node, exp.Bracket):
            if len(node.expressions) != 1:
                raise NotEmulatedError("Athena SQL slice")
            node.replace(call(f"{PENDING}at", node.this, node.expressions[0]))
        elif isinstance(node, exp.Anonymous):
            self._rename_call(node)
        elif isinstance(node, exp.Extract):
            part = node.name.lower()
            if part not in EXTRACTED and part not in WEEKDAY:
                raise NotEmulatedError(f"EXTRACT({part.upper()} …)")
            node.set("this", exp.var(WEEKDAY.get(part, part)))
        elif isinstance(node, exp.Substring):
            parts = [node.this, node.args.get("start"), node.args.get("length")]
            node.replace(call("trino_substr", *[part for part in parts if part is not None]))
        elif isinstance(node, exp.Trim) and not node.expression:
            side = str(node.args.get("position") or "").upper()
            name = {"LEADING": "trino_ltrim", "TRAILING": "trino_rtrim"}.get(side, "trino_trim")
            node.replace(call(name, node.this))
        elif isinstance(node, exp.AtTimeZone) and not isinstance(node.parent, exp.Cast):
            raise NotEmulatedError(
                "AT TIME ZONE outside of a CAST", "Write CAST(x AT TIME ZONE z AS timestamp)."
            )
        elif isinstance(node, exp.Mod):
            node.replace(exp.Mod(this=node.this, expression=node.expression))

    def _rename_call(self, node: exp.Anonymous) -> None:
        name, count = str(node.this).lower(), len(node.expressions)
        typed = CALLS.get(name) if name != "at" else None
        if typed:
            if not typed[1] <= count <= typed[2]:
                raise NotEmulatedError(f"Athena function {name} with {count} arguments")
            plain = name in ("concat", "greatest", "least")
            node.meta["typed"] = name
            node.set("this", name if plain else f"{PENDING}{name}")
        elif name in SUMS:
            node.meta["aggregate"] = name
            if name == "approx_distinct":
                node.set("this", "count")
                node.set("expressions", [exp.Distinct(expressions=node.expressions[:1])])
        elif name in _SPECIAL:
            node.replace(_SPECIAL[name](node.expressions))
        elif not name.startswith(PENDING) and name != "row":
            node.set("this", known(name, count).name)

    def _settle(self, node: exp.Expr) -> None:
        if node.meta.get("done") or is_wrapped(node):
            return
        inner = core(node)
        if isinstance(inner, exp.Anonymous):
            self._settle_call(node, inner)
        elif isinstance(node, operators.ARITHMETIC):
            if isinstance(node, exp.Div):
                node.set("typed", False)
            self._replace(node, [node.this, node.expression], operators.arithmetic)
        elif isinstance(node, exp.DPipe):
            self._replace(node, [node.this, node.expression], operators.joined)
        elif isinstance(node, operators.COMPARISONS):
            self._compare(node)
        elif isinstance(node, exp.Case):
            self._case(node)
        elif isinstance(node, (exp.Cast, exp.TryCast)):
            self._cast(node)

    def _settle_call(self, node: exp.Expr, inner: exp.Anonymous) -> None:
        name = str(inner.this)
        if "aggregate" in inner.meta:
            operand = inner.expressions[0] if inner.expressions else None
            if isinstance(operand, exp.Distinct):
                operand = operand.expressions[0]
            if operand is None:
                raise NotEmulatedError(f"{name} without arguments")
            kinds = self._kinds([operand])
            node.replace(aggregated(inner.meta["aggregate"], node, kinds[0]))
            return
        typed = inner.meta.get("typed") or ("at" if name == f"{PENDING}at" else None)
        if typed:
            self._replace(
                node,
                inner.expressions,
                lambda _, kinds: CALLS[typed][0](list(inner.expressions), kinds),
            )
        elif name == "coalesce":
            self._replace(node, inner.expressions, operators.unified)

    def _compare(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Between):
            operands = [node.this, node.args["low"], node.args["high"]]
        elif isinstance(node, exp.In):
            operands = [node.this, *node.expressions]
        else:
            operands = [node.this, node.expression]
        if any(isinstance(operand, (exp.Tuple, exp.Any, exp.All)) for operand in operands):
            return
        self._replace(node, operands, operators.compared)

    def _case(self, node: exp.Case) -> None:
        results = [branch.args["true"] for branch in node.args["ifs"]]
        if node.args.get("default") is not None:
            results.append(node.args["default"])
        self._replace(node, results, operators.unified)
        if node.this is not None:
            matched = [node.this, *[branch.this for branch in node.args["ifs"]]]
            self._replace(node, matched, operators.compared)

    def _cast(self, node: exp.Expr) -> None:
        inner, target = node.this, from_sql(node.args["to"].sql(dialect="trino"))
        if target.name == "decimal" and not node.args["to"].expressions:
            raise NotEmulatedError("DECIMAL without precision", "Write DECIMAL(precision, scale).")
        if isinstance(inner, exp.AtTimeZone):
            if target.name not in ("timestamp", "date"):
                raise NotEmulatedError(f"CAST(x AT TIME ZONE z AS {target.name})")
            zoned = exp.Cast(this=inner.this, to=exp.DataType.build("TIMESTAMPTZ", "duckdb"))
            inner.replace(call("timezone", inner.args["zone"], zoned))
            inner = node.this
        kinds = self._kinds([inner], node)
        source = exp.Paren(this=inner.copy())
        source.meta["source"] = True
        made = converted(source, kinds[0], target)
        node.replace(tried(made) if isinstance(node, exp.TryCast) else made)

    def _replace(
        self,
        node: exp.Expr,
        operands: Sequence[exp.Expr],
        make: Callable[[exp.Expr, Sequence[Kind]], exp.Expr],
    ) -> None:
        parent, key, index = node.parent, node.arg_key, node.index
        made = make(node, self._kinds(operands, node))
        if made is not node and parent is not None and key is not None:
            parent.set(key, made, index)

    def _kinds(self, operands: Sequence[exp.Expr], place: exp.Expr | None = None) -> Sequence[Kind]:
        """Types of what stands in the query: DuckDB is asked in that place, or the operand's."""
        first = operands[0] if place is None else place
        probe = call("len", call("row", *[operand.copy() for operand in operands]))
        parent, key, index = first.parent, first.arg_key, first.index
        if parent is None or key is None:
            raise NotEmulatedError(f"Athena SQL {first.key}")
        parent.set(key, probe, index)
        try:
            found = self._types(bindable(self._holder.this))
        finally:
            parent.set(key, first, index)
        if found is None:
            raise QueryError("GENERIC_INTERNAL_ERROR", f"no types are known of {first}")
        return found


def name_outputs(tree: exp.Expr) -> None:
    """Name the columns as Trino does; those without a name begin with :data:`UNNAMED`."""
    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    if not isinstance(tree, exp.Select):
        return
    named: list[exp.Expr] = []
    for place, item in enumerate(tree.expressions):
        is_star = isinstance(item, exp.Star) or (
            isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
        )
        if is_star or isinstance(item, exp.Alias):
            named.append(item)
        elif isinstance(item, (exp.Column, exp.Dot)):
            named.append(exp.alias_(item, item.name, quoted=True))
        else:
            named.append(exp.alias_(item, f"{UNNAMED}{place}", quoted=True))
    tree.set("expressions", named)


def _selected(values: exp.Values) -> exp.Expr:
    """A VALUES as a SELECT, so that its columns can be named."""
    first = values.expressions[0]
    count = len(first.expressions) if isinstance(first, exp.Tuple) else 1
    names = [exp.to_identifier(f"{UNNAMED}{place}", quoted=True) for place in range(count)]
    source = values.copy()
    source.set("alias", exp.TableAlias(this=exp.to_identifier("trino_values"), columns=names))
    return exp.select("*").from_(source)


def _if(arguments: list[exp.Expr]) -> exp.Expr:
    condition, yes, *no = arguments
    return exp.Case(ifs=[exp.If(this=condition, true=yes)], default=no[0] if no else None)


_SPECIAL: dict[str, Callable[[list[Any]], exp.Expr]] = {
    "if": _if,
    "try": lambda arguments: call("try", *arguments),
    "current_timestamp": lambda _: call("now"),
    "localtimestamp": lambda _: exp.Localtimestamp(),
    "e": lambda _: exp.Literal.number("2.718281828459045e0"),
    "nan": lambda _: call("trino_nan"),
    "infinity": lambda _: call("trino_infinity"),
    "cardinality": lambda arguments: call("cardinality", *arguments),
}
