"""The support table of the local Azure: each operation of each type of ARM, and how it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from beliefs import Belief, Status

from azsandbox.arm.support import Operation, operations

HEAD = ("type", "verb", "known by", "inferred of it")
KNOWN = {
    Status.RECORDED: "what answers it cites an answer of Azure that somebody recorded or quoted",
    Status.DOCUMENTED: "Microsoft's description of the API, or a client of Microsoft's, has the operation",
    Status.INFERRED: "neither: that Azure has it, or answers it like this, is concluded from similar operations",
}


def rows(known: Mapping[str, Belief]) -> list[list[str]]:
    """A row for each operation: type, verb, how it is known, which of its beliefs are inferred."""
    return [
        [f"`{one.type}`", f"`{one.verb}`", str(status_of(one, known)), _inferred(one, known)]
        for one in operations()
    ]


def status_of(one: Operation, known: Mapping[str, Belief]) -> Status:
    """The best that is known of an operation."""
    if any(known[id_].status is Status.RECORDED for id_ in one.cited):
        return Status.RECORDED
    if one.described_by or any(known[id_].status is Status.DOCUMENTED for id_ in one.cited):
        return Status.DOCUMENTED
    return Status.INFERRED


def _inferred(one: Operation, known: Mapping[str, Belief]) -> str:
    ids: Iterable[str] = (id_ for id_ in one.cited | one.beside if known[id_].status is Status.INFERRED)
    return ", ".join(known[id_].link_from("../azure/") for id_ in sorted(ids, key=_order))


def _order(id_: str) -> tuple[str, int]:
    _, area, number = id_.split("-")
    return area, int(number)
