"""The order of steps: each after all that it comes after."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from typing import TypeVar

from amlmigrate.core.errors import BadInputError

T = TypeVar("T")


def ordered(after: Mapping[T, frozenset[T]], rank: Mapping[T, object]) -> list[T]:
    """A topological order that prefers the lower rank; edges to unknown nodes are left out.

    Raises BadInputError that names the nodes of a cycle.
    """
    waiting = {node: {edge for edge in edges if edge in after} for node, edges in after.items()}
    dependants: dict[T, list[T]] = defaultdict(list)
    for node, edges in waiting.items():
        for edge in edges:
            dependants[edge].append(node)
    ready = [(rank[node], str(node), node) for node, edges in waiting.items() if not edges]
    heapq.heapify(ready)
    order: list[T] = []
    while ready:
        node = heapq.heappop(ready)[2]
        order.append(node)
        for dependant in dependants[node]:
            waiting[dependant].discard(node)
            if not waiting[dependant]:
                heapq.heappush(ready, (rank[dependant], str(dependant), dependant))
    if len(order) < len(after):
        raise BadInputError(
            f"Assets refer to each other in a circle: {' -> '.join(map(str, _circle(waiting)))}.",
            remedy="Leave one of them out with --exclude and create it by hand.",
        )
    return order


def _circle(waiting: Mapping[T, set[T]]) -> list[T]:
    """One cycle among the nodes that still wait: from any of them, following what it waits for."""
    node = next(node for node, edges in waiting.items() if edges)
    path: list[T] = []
    while node not in path:
        path.append(node)
        node = next(edge for edge in waiting[node] if waiting[edge])
    return [*path[path.index(node) :], node]
