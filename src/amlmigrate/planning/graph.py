"""The order of steps: each after all that it comes after."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from amlmigrate.core.errors import BadInputError

T = TypeVar("T")


def ordered(after: Mapping[T, frozenset[T]], rank: Mapping[T, object]) -> list[T]:
    """A topological order that prefers the lower rank, then the lower text; edges to unknown nodes are left out.

    Raises BadInputError that names the nodes of a cycle.
    """
    # Sorted, so that of several circles the same one is named each time.
    sorter = TopologicalSorter({node: sorted(edges & after.keys(), key=str) for node, edges in after.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        # graphlib names each node before those that come after it; a reader asks what a node refers to.
        circle = " -> ".join(map(str, reversed(error.args[1])))
        raise BadInputError(
            f"Assets refer to each other in a circle: {circle}.",
            remedy="Leave one of them out with --exclude and create it by hand.",
        ) from error
    return list(_lowest_first(sorter, rank))


def _lowest_first(sorter: TopologicalSorter[T], rank: Mapping[T, object]) -> Iterator[T]:
    """Of all nodes that may come next always the lowest."""

    def keyed(nodes: Iterable[T]) -> Iterator[tuple[object, str, T]]:
        return ((rank[node], str(node), node) for node in nodes)

    ready = list(keyed(sorter.get_ready()))
    heapq.heapify(ready)
    while ready:
        node = heapq.heappop(ready)[2]
        yield node
        sorter.done(node)
        for entry in keyed(sorter.get_ready()):
            heapq.heappush(ready, entry)
