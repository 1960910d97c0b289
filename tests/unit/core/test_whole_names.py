"""Names are taken whole: nothing after them, and nothing that leads elsewhere in a URL or a path."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import amlmigrate
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.names import is_arm_id, is_guid, is_name
from amlmigrate.core.workspace import WorkspaceRef

SUBSCRIPTION = "11111111-aaaa-4bbb-8ccc-000000000001"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
ELSEWHERE = (
    "ws\n", "\nws", "..", ".", "", "a/b", "a?b", "a#b", "a%2e", "a b", "a\\b", "a\tb", "a;b", "a&b", "ws.",
)  # fmt: skip


@pytest.mark.parametrize("text", ELSEWHERE)
def test_what_leads_elsewhere_is_no_name(text: str) -> None:
    assert not is_name(text)
    for ref in (f"{SUBSCRIPTION}/rg/{text}", f"{SUBSCRIPTION}/{text}/ws", f"rg/{text}", f"{text}/ws"):
        with pytest.raises(BadInputError):
            WorkspaceRef.parse(ref, SUBSCRIPTION)
    assert not is_arm_id(ID.replace("/rg/", f"/{text}/"))


@given(st.text(max_size=8))
def test_a_name_goes_into_a_path_as_it_is(text: str) -> None:
    if is_name(text):
        assert Path("plans", text).parent == Path("plans")
        assert not re.search(r"[/?#%\s\\]", text)


@pytest.mark.parametrize("text", [SUBSCRIPTION, SUBSCRIPTION.upper()])
def test_a_subscription_is_a_guid_in_any_case(text: str) -> None:
    assert is_guid(text)
    assert WorkspaceRef.parse(f"{text}/my.group_(1)/ws").subscription == text
    assert is_arm_id(ID) and is_arm_id(f"{ID}/")


@pytest.mark.parametrize(
    "text",
    ["s", f"{SUBSCRIPTION}\n", f"{{{SUBSCRIPTION}}}", SUBSCRIPTION.replace("-", ""), f"urn:uuid:{SUBSCRIPTION}"],
)
def test_nothing_else_is_one(text: str) -> None:
    assert not is_guid(text)
    with pytest.raises(BadInputError, match="is not a "):
        WorkspaceRef.parse(f"{text}/rg/ws")
    with pytest.raises(BadInputError, match=r"AZURE_SUBSCRIPTION_ID"):
        WorkspaceRef.parse("rg/ws", text)


def test_no_pattern_of_the_product_lets_a_line_feed_follow() -> None:
    """In Python `$` stands before a last line feed too; what is meant is `fullmatch`, or `\\Z`."""
    found = [
        f"{path.name}:{at}: {text}"
        for path in Path(amlmigrate.__path__[0]).rglob("*.py")
        for at, text in _patterns(ast.parse(path.read_text()))
        if re.search(r"(?<![\\\[])\$(?=\Z|\)|\|)", text) and not re.search(r"\(\?[a-z]*m", text)
    ]
    assert found == []


def _patterns(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.func.attr != "escape":
            parts = [
                str(one.value)
                for one in ast.walk(node.args[0])
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            yield node.lineno, "".join(parts)
