"""A query of Athena's in DuckDB's words.

Three passes: tables, names and calls are replaced; UNNEST becomes a subquery; then each operator
and call whose meaning depends on types is settled, what it depends on first. The types are those
that DuckDB's own binder gives the operands, in their place in the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from . import checks, naming, operators
from .aggregates import FINITE, aggregated
from .calls import CALLS
from .casts import converted, tried
from .errors import NotEmulatedError, QueryError
from .kinds import from_sql
from .nodes import PENDING, bare, call, cast, core, in_order, is_wrapped, sql_of
from .renaming import precise, rename
from .scopes import bindable, binds, refuse_aliases, visible_ctes
from .unnest import replace_unnest
from .zones import zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .kinds import Kind

    Types = Callable[[str], list[Kind] | None]
    Relation = Callable[[exp.Table], str]

UNNAMED = "\x1f"


class Translation:
    """One query on its way.

    Args:
        tree: as :func:`constructs.read` gives it; changed.
        relation: gives the name of DuckDB's view for a table.
        types: binds a query whose one ``len(row(…))`` asks for types; None if it has no such.

    Attributes:
        zone: of all its times with zone, if it is another than UTC.
    """

    def __init__(self, tree: exp.Expr, relation: Relation, types: Types) -> None:
        # The root is held by a parent, so that it can be replaced like any other node.
        self._holder = exp.Subquery(this=tree)
        self._relation, self._types = relation, types
        self.zone: str | None = None
        self._settlers: dict[type[Any], Callable[[Any], None]] = {
            exp.DPipe: self._joined,
            exp.Neg: self._negated,
            exp.Case: self._case,
            exp.Cast: self._cast,
            exp.TryCast: self._cast,
        }

    def sql(self) -> str:
        """The query as DuckDB's SQL; unnamed columns start with :data:`UNNAMED`."""
        self.zone = zone_of(self._holder.this)
        self._tables()
        if isinstance(self._holder.this, exp.Values):
            self._holder.set("this", _selected(self._holder.this))
        name_outputs(self._holder.this)
        naming.settle_order(self._holder)
        for node in list(in_order(self._holder.this)):
            rename(node)
        for node in list(in_order(self._holder.this)):
            if isinstance(node, exp.Unnest):
                replace_unnest(node, self._types)
        refuse_aliases(self._holder.this, self._types)
        naming.refuse_hidden(self._holder)
        naming.refuse_rows(self._holder, lambda *asked: binds(self._types, *asked))
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

    def _settle(self, node: exp.Expr) -> None:
        if node.meta.get("done") or is_wrapped(node):
            return
        inner = core(node)
        checks.check_conditions(node, self._kinds)
        if isinstance(inner, exp.Anonymous):
            self._settle_call(node, inner)
        elif isinstance(node, operators.ARITHMETIC):
            if isinstance(node, exp.Div):
                node.set("typed", False)
            self._replace(node, [node.this, node.expression], operators.arithmetic)
        elif isinstance(node, operators.COMPARISONS):
            self._compare(node)
        elif type(node) in self._settlers:
            self._settlers[type(node)](node)
        else:
            checks.check(node, self._kinds, lambda: self._types(bindable(self._holder.this)))

    def _joined(self, node: Any) -> None:
        self._replace(node, [node.this, node.expression], operators.joined)

    def _negated(self, node: Any) -> None:
        if not isinstance(node.this, exp.Literal):
            kind = self._kinds([node.this], node)[0]
            if kind.is_integer:  # or DuckDB takes the next wider type
                node.replace(cast(node.copy(), kind))

    def _settle_call(self, node: exp.Expr, inner: exp.Anonymous) -> None:
        name = str(inner.this)
        if "aggregate" in inner.meta:
            operands = [bare(one) for one in inner.expressions]
            if len(operands) != (2 if inner.meta["aggregate"] in FINITE else 1):
                raise NotEmulatedError(f"{name} with {len(operands)} arguments")
            for kind in self._kinds(operands):
                made = aggregated(inner.meta["aggregate"], node, kind)
            node.replace(made)
            return
        if "known" in inner.meta:
            called, found = inner.meta["known"]
            operands = [bare(one) for one in inner.expressions]
            checks.check_arguments(called, found, operands, self._kinds)
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
        if any(isinstance(operand, (exp.Any, exp.All)) for operand in operands):
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
        if node.meta.get("zoned"):
            node.replace(cast(node.this.copy(), "TIMESTAMPTZ"))
            return
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
        if target.name == "varchar" and kinds[0].is_time and node.meta.get("precise"):
            raise precise()
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
