"""What the product does in one place only: the properties of a document, JSON pointers, the parts of an ARM id."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import amlmigrate
from amlmigrate.core.documents import properties_of, shown_properties

_PRODUCT = Path(amlmigrate.__file__).parent


@cache
def _modules() -> dict[str, ast.Module]:
    found = {str(path.relative_to(_PRODUCT)): ast.parse(path.read_text()) for path in _PRODUCT.rglob("*.py")}
    assert len(found) > 300
    return found


def _reads_properties(tree: ast.AST) -> Iterator[int]:
    """The lines that look `properties` up as something that may be missing."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="get" | "pop" | "setdefault"), args=[first, *_]):
                if isinstance(first, ast.Constant) and first.value == "properties":
                    yield node.lineno


def test_only_one_module_reads_the_properties_of_a_document() -> None:
    found = {name: lines for name, tree in _modules().items() if (lines := list(_reads_properties(tree)))}
    assert set(found) == {"core/documents.py"}


@pytest.mark.parametrize("code", ['(one.get("properties") or {}).get("x")', 'one.get("properties", {})'])
def test_whoever_reads_them_by_hand_would_be_found(code: str) -> None:
    assert list(_reads_properties(ast.parse(code))) == [1]


@pytest.mark.parametrize("document", [None, {}, {"properties": None}])
def test_a_document_without_properties_has_none(document: dict[str, object] | None) -> None:
    assert properties_of(document) == {}
    assert shown_properties(document) is None


@pytest.mark.parametrize("properties", ["text", 7, ["a"], [], False])
def test_properties_that_are_no_map_show_nothing(properties: object) -> None:
    assert shown_properties({"properties": properties}) is None


def test_the_properties_are_those_of_the_document_itself() -> None:
    document = {"properties": {"a": 1}}
    assert properties_of(document) is document["properties"]
    assert shown_properties(document) is document["properties"]


# Alternatives of a regular expression, and of a sentence, are joined by a bar too.
_JOINED = {
    "core/held_secrets.py",
    "core/places.py",
    "kinds/_standing_roles.py",
    "planning/byhand/items.py",
    "planning/vault_named.py",
}


def test_only_one_module_escapes_names_in_pointers() -> None:
    texts = {str(path.relative_to(_PRODUCT)): path.read_text() for path in _PRODUCT.rglob("*.py")}
    marks = ("~0", "~1", 'split("|")', '"|".join')
    found = {name for name, text in texts.items() if any(mark in text for mark in marks) or "jsonpointer" in text}
    assert found - _JOINED == {"core/pointers.py"}


# What each of these takes apart, which is no ARM id.
_APART = {
    "alarms/activityrules.py": "operations, as `Microsoft.KeyVault/vaults/delete`",
    "bytes/jsonfiles.py": "paths of blobs",
    "bytes/listings.py": "paths of blobs",
    "bytes/prefixes.py": "paths of blobs",
    "bytes/tables.py": "paths of blobs",
    "cli/show.py": "addresses of items",
    "cloud/arm.py": "a type, as an id's `type` gives it",
    "cloud/bloblists.py": "URLs of lists of blobs",
    "cloud/curl.py": "URLs",
    "cloud/fileaccess.py": "paths of files",
    "cloud/filelists.py": "URLs of lists of files",
    "cloud/fileplacing.py": "paths of files",
    "cloud/fileshapes.py": "`Content-Range`",
    "cloud/shares.py": "paths of files",
    "cloud/vault.py": "URLs of keys in a vault",
    "cloud/vaultsecrets.py": "URLs of secrets in a vault",
    "cloud/workspaces.py": "paths below a workspace, as kinds name them",
    "desired/ownership.py": "names of parts of a file",
    "provisioning/parts/likeness.py": "URLs of keys in a vault",
    "scanning/scan.py": "a type of its own",
    "core/address.py": "addresses of items",
    "core/freeze_record.py": "the whole form of an id, since the file may be made up: nothing wider is taken for it",
    "core/keys.py": "URLs of keys in a vault",
    "core/mapping.py": "paths below a workspace in references of Azure ML",
    "core/places.py": "references of Azure ML inside any bytes",
    "core/reference.py": "references of Azure ML inside any text",
    "core/seal.py": "paths of files",
    "core/spelling.py": "references of Azure ML, in which names below a workspace are told apart by case",
    "core/workspacename.py": "`SUBSCRIPTION/GROUP/NAME`, as people write it, and what the studio's addresses name without provider",
    "decommissioning/containers.py": "`ACCOUNT/CONTAINER`",
    "decommissioning/remaining_again.py": "`ACCOUNT/CONTAINER`",
    "decommissioning/neighbours.py": "subscriptions, as people write them",
    "evidence/values.py": "the whole form of an id, in a schema",
    "figures/costlines.py": "`ACCOUNT/CONTAINER`",
    "inventory/contents.py": "paths of blobs",
    "inventory/jsonfiles.py": "paths of blobs",
    "inventory/shown.py": "addresses of items",
    "inventory/unlisted.py": "paths below a workspace, as kinds name them",
    "kinds/_listed.py": "names of kinds",
    "kinds/vault_secrets.py": "URLs of secrets in a vault",
    "ledger/corroboration.py": "paths of blobs",
    "planning/byhand/folder.py": "addresses of items",
    "planning/review.py": "addresses of items",
    "posture/keys.py": "URLs of keys in a vault",
}
_PART = re.compile(r"/(subscriptions|resourcegroups|providers)/", re.IGNORECASE)
_PATTERN = re.compile(r"(subscriptions|resourcegroups|providers)/[^/]*[\[(\\?]", re.IGNORECASE)


def _takes_apart(tree: ast.AST) -> Iterator[int]:
    """The lines that cut a text at slashes, ask for its beginning or its end, or have a pattern with parts of an id."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="split" | "rsplit" | "partition" | "rpartition"),
                args=[ast.Constant(value=str(sign)), *_],
            ) if "/" in sign and "//" not in sign:
                yield node.lineno
            case ast.Call(
                func=ast.Attribute(attr="startswith" | "endswith" | "removeprefix" | "removesuffix"),
                args=[ast.Constant(value=str(text)), *_],
            ) if _PART.search(text):
                yield node.lineno
            case ast.Constant(value=str(text)) if "\n" not in text and _PATTERN.search(text):
                yield node.lineno


def test_only_one_module_takes_arm_ids_apart() -> None:
    found = {name for name, tree in _modules().items() if any(_takes_apart(tree))}
    assert found - set(_APART) == {"core/armid.py"}


@pytest.mark.parametrize(
    "code",
    [
        'id_.split("/")[2]',
        'id_.rstrip("/").rsplit("/", 1)[-1]',
        'id_.rpartition("/")[2]',
        'id_.lower().partition("/providers/microsoft.authorization/locks")[0]',
        'id_.startswith("/subscriptions/")',
        're.compile(r"/subscriptions/([^/]+)")',
        're.compile(r"/resourceGroups/[^/]+/providers/Microsoft\\.KeyVault")',
    ],
)
def test_whoever_takes_one_apart_by_hand_would_be_found(code: str) -> None:
    assert list(_takes_apart(ast.parse(code))) == [1]
