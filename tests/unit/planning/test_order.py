"""The order of steps: each after all that it comes after, and circles named."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core.errors import BadInputError
from amlmigrate.planning.graph import ordered

Graph = dict[int, frozenset[int]]


@st.composite
def graphs(draw: st.DrawFn, *, acyclic: bool) -> Graph:
    """Nodes with edges to others; without circles when edges lead to lower numbers only."""
    size = draw(st.integers(0, 12))
    edges = {
        node: draw(st.frozensets(st.integers(0, (node if acyclic else size) - 1 if node or not acyclic else 0)))
        if size and (node or not acyclic)
        else frozenset()
        for node in range(size)
    }
    names = draw(st.permutations(range(size)))
    return {names[node]: frozenset(names[edge] for edge in found) for node, found in edges.items()}


def _circular(graph: Graph) -> bool:
    left = dict(graph)
    while free := [node for node, edges in left.items() if not edges & left.keys()]:
        for node in free:
            del left[node]
    return bool(left)


@given(graphs(acyclic=True), st.dictionaries(st.integers(0, 12), st.integers(0, 3)))
def test_every_node_comes_once_and_after_all_its_edges(graph: Graph, ranks: dict[int, int]) -> None:
    order = ordered(graph, {node: ranks.get(node, 0) for node in graph})
    assert sorted(order) == sorted(graph)
    place = {node: index for index, node in enumerate(order)}
    assert all(place[edge] < place[node] for node, edges in graph.items() for edge in edges)


@given(graphs(acyclic=True), st.dictionaries(st.integers(0, 12), st.integers(0, 3)))
def test_among_those_that_may_come_next_the_lowest_rank_does(graph: Graph, ranks: dict[int, int]) -> None:
    rank = {node: ranks.get(node, 0) for node in graph}
    done: set[int] = set()
    for node in ordered(graph, rank):
        ready = {other for other, edges in graph.items() if other not in done and edges <= done}
        assert rank[node] == min(rank[other] for other in ready)
        done.add(node)


@given(graphs(acyclic=True), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_the_nodes_were_listed(graph: Graph, random: Random) -> None:
    nodes = list(graph)
    random.shuffle(nodes)
    rank = dict.fromkeys(graph, 0)
    assert ordered({node: graph[node] for node in nodes}, rank) == ordered(graph, rank)


@given(graphs(acyclic=False))
def test_a_circle_is_refused_and_named_and_nothing_else_is(graph: Graph) -> None:
    rank = dict.fromkeys(graph, 0)
    if not _circular(graph):
        assert len(ordered(graph, rank)) == len(graph)
        return
    with pytest.raises(BadInputError) as caught:
        ordered(graph, rank)
    named = [int(name) for name in caught.value.summary.partition(": ")[2].removesuffix(".").split(" -> ")]
    assert len(named) >= 2
    assert named[0] == named[-1]
    assert all(after in graph[node] for node, after in pairwise(named))
    assert len(set(named)) == len(named) - 1
    assert "--exclude" in caught.value.remedy


def test_edges_to_what_is_no_node_are_left_out() -> None:
    assert ordered({"a": frozenset({"elsewhere"}), "b": frozenset({"a"})}, {"a": 0, "b": 0}) == ["a", "b"]


def test_equal_ranks_are_settled_by_name() -> None:
    assert ordered({name: frozenset() for name in "cab"}, dict.fromkeys("cab", 0)) == ["a", "b", "c"]


def test_nothing_has_an_order_too() -> None:
    assert ordered({}, {}) == []


def test_of_several_circles_the_same_one_is_named_however_the_nodes_are_hashed() -> None:
    code = (
        "from amlmigrate.planning.graph import ordered\n"
        "after = {name: frozenset('abc') - {name} for name in 'abc'}\n"
        "try:\n    ordered(after, dict.fromkeys('abc', 0))\n"
        "except Exception as error:\n    print(error)\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(3)
    }
    assert len(told) == 1
    assert "circle: " in told.pop()
