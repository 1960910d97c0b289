"""What Azure has judged: an answer that cannot be read is not one in which everything complies."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.unit.guarding.guards import guardrail

from amlmigrate.guarding.compliance import Compliance, compliance


class Judging:
    """ARM that answers the query of states."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def post(self, path: str, *_: Any) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def judged(answer: Any) -> Compliance:
    arm: Any = Judging(answer)
    return asyncio.run(compliance(arm, guardrail()))


def row(of: str = "amlCmk", id_: str = "/ws") -> dict[str, Any]:
    return {"policyDefinitionReferenceId": of, "resourceId": id_}


def test_each_resource_is_told_once_for_each_member() -> None:
    found = judged({"value": [row(), row(), row("kvRbac", "/kv")]})
    assert found == Compliance({"amlCmk": ("/ws",), "kvRbac": ("/kv",)})
    assert judged({"value": []}) == Compliance({})


@pytest.mark.parametrize("odd", [None, {}, {"value": None}, {"value": {}}, {"value": ["x"]}, ["x"], "x"], ids=str)
def test_an_answer_that_cannot_be_read_is_not_that_all_complies(odd: Any) -> None:
    found = judged(odd)
    assert found.by_member == {} and found.refused


def test_what_may_not_be_read_is_told() -> None:
    assert judged(refusal()).refused == refusal().summary


def test_an_answer_that_goes_on_is_cut_short() -> None:
    assert judged({"value": [row()], "@odata.nextLink": "https://x"}).cut_short
    assert judged({"value": [row()] * 1000}).cut_short
    assert not judged({"value": [row()]}).cut_short
