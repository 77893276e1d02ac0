"""TaskRouter's expressions: `skills HAS "sales" AND language IN ["en", "de"]` (contract 7.5).

`parse` reads one and `evaluate` says whether it holds; `parse_order`, `sorts` and `sort_value` do the same for
`order_by`. Which variables there are is the caller's business: a filter sees the task's attributes bare, a task queue
the worker's, a target both behind `task.` and `worker.`.
"""

from taskrouter_expressions.evaluation import evaluate, sort_value, sorts, value_of
from taskrouter_expressions.parsing import ExpressionError, parse, parse_order
from taskrouter_expressions.tree import Compared, Expression, Joined, Listing, Literal, Negated, Path, SortKey

__all__ = [
    "Compared",
    "Expression",
    "ExpressionError",
    "Joined",
    "Listing",
    "Literal",
    "Negated",
    "Path",
    "SortKey",
    "evaluate",
    "parse",
    "parse_order",
    "sort_value",
    "sorts",
    "value_of",
]
