"""Each finding has a code that is declared, with one of its severities, and an address that reads back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import amlmigrate
from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.finding import Finding
from amlmigrate.core.findingcodes import CODES, ITEMS, LET_GO, PROTECTION, SINCE_CUTOVER, SURROUNDINGS, WRITERS
from amlmigrate.posture.catalogue import CATALOGUE

SOURCE = Path(amlmigrate.__file__).parent
_MAKES = re.compile(r"\b(Finding|warn|_saying|Remark)\(")


def _made() -> Iterator[tuple[str, str | None, list[str]]]:
    """Of each call that makes a finding: where, its severity where that is written out, and the codes it may get."""
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text()
        # The others take seconds to parse.
        for node in ast.walk(ast.parse(text if _MAKES.search(text) else "")):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name in ("Finding", "warn", "_saying", "Remark") and path.name != "finding.py":
                    given = [word.value for word in node.keywords if word.arg == "code"]
                    codes = [str(one.value) for w in given for one in ast.walk(w) if isinstance(one, ast.Constant)]
                    first = node.args[0] if name != "warn" and node.args else ast.Constant("warning")
                    severity = first.value if isinstance(first, ast.Constant) else None
                    yield f"{path.name}:{node.lineno}", severity, codes


MADE = list(_made())


def test_no_code_is_used_that_is_not_declared() -> None:
    for where, severity, codes in MADE:
        for code in codes:
            assert code in CODES, f"{where}: {code} is not declared"
            assert severity is None or severity in CODES[code].severities, where


def test_only_claims_and_the_helpers_compute_a_code() -> None:
    computed = [where.partition(":")[0] for where, _, codes in MADE if not codes]
    assert computed == ["claim.py", "writers.py", "filefindings.py", "blob_findings.py"]


def test_every_declared_code_is_used() -> None:
    assert {code for _, _, codes in MADE for code in codes} == set(CODES)


def test_codes_are_one_each_and_easily_typed() -> None:
    names = [code.name for code in (*ITEMS, *SURROUNDINGS, *PROTECTION, *WRITERS, *SINCE_CUTOVER, *LET_GO)]
    assert len(set(names)) == len(names) and not set(names) & {entry.name for entry in CATALOGUE}
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("about", ["data/x/1", "blobs/c/a!b", "blobs/c/a b!names-source", "/subscriptions/x", ""])
@pytest.mark.parametrize("code", ["names-source", "storage.encryption", ""])
def test_a_finding_reads_as_it_was_written(about: str, code: str) -> None:
    one = Finding("warning", about, "what", "then", code)
    assert Finding.of_dict(one.as_dict()) == one


def test_one_without_a_code_is_none() -> None:
    line = {"severity": "error", "address": "blobs/c/a!b", "summary": "what", "remedy": "then"}
    with pytest.raises(KeyError, match="code"):
        Finding.of_dict(line)


def test_claims_that_one_thing_leaves_unproven_are_one_finding_with_the_first_ones_name() -> None:
    unread = [Claim(name, None, "warning", "/vault", "could not be read") for name in ("vault.place", "key.type")]
    refuted = Claim("key.enabled", False, "error", "/vault/keys/k", "is disabled")
    assert [one.address for one in findings([*unread, refuted])] == [
        "/vault/keys/k!key.enabled",
        "/vault!vault.place",
    ]
