"""The words of the code: a name has one meaning, and a number agrees with what it counts."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "amlmigrate"
SANDBOX = ROOT / "sandbox" / "src" / "azsandbox"


def trees(root: Path = SRC) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the product, or of the local Azure, parsed."""
    for path in sorted(root.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("root", [SRC, SANDBOX], ids=["the product", "the local Azure"])
def test_no_two_classes_have_one_name(root: Path) -> None:
    """In one distribution; the two of them know nothing of each other."""
    names = Counter(one.name for _, tree in trees(root) for one in ast.walk(tree) if isinstance(one, ast.ClassDef))
    assert len(names) > 300
    assert [name for name, times in names.items() if times > 1] == []


# After a value these are verbs, or belong to no number.
_VERBS = frozenset(
    [
        "as",
        "becomes",
        "comes",
        "denies",
        "depends",
        "differs",
        "does",
        "has",
        "holds",
        "is",
        "its",
        "leads",
        "leaves",
        "lies",
        "looks",
        "names",
        "needs",
        "points",
        "reads",
        "refers",
        "refuses",
        "says",
        "switches",
        "stays",
        "takes",
        "tells",
        "this",
        "uses",
        "was",
    ]
)
_AGREEING = frozenset({"are", "were", "have", "people"})
_NOUN = re.compile(r" (?:(?:deleted|earlier|more|new|old|open|other|proven) )?([a-z]+)\b")
# What looks like a number before a noun and is none, or is never one.
_EXCUSED = {
    ("cloud/blockcopies.py", "bytes"): "more than 50,000 blocks hold",
    ("cloud/blockcopies.py", "blocks"): "50,000 of them, but in tests",
    ("cloud/lists.py", "pages"): "more than a limit that is above one",
    ("core/settling.py", "hours"): "a fraction, as 1.5",
    ("cutover/evidence_checks.py", "are"): "after words in the plural",
    ("deciding/decisionfile.py", "are"): "two rows",
    ("decommissioning/remaining_resources.py", "are"): "`queues and tables`",
    ("decommissioning/soak.py", "hours"): "one is told apart",
    ("doctor/network.py", "have"): "`the datastores of the source`",
    ("guarding/estate.py", "lacks"): "a verb: `one lacks`",
    ("kinds/datastores.py", "credentials"): "a kind of credentials",
    ("posture/dataprotection.py", "blobs"): "a verb: `deletes blobs`",
    ("posture/keys.py", "bits"): "the size of an RSA key",
    ("posture/storage.py", "were"): "`the blobs of ...`",
    ("posture/storage.py", "are"): "`the blobs of ...`",
    ("provisioning/parts/keys.py", "bits"): "the size of an RSA key",
}


def numbered(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The plural words that follow a value in a text as they stand, and the lines they are on."""
    for text in ast.walk(tree):
        if not isinstance(text, ast.JoinedStr):
            continue
        for value, after in pairwise(text.values):
            if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant):
                found = _NOUN.match(str(after.value))
                if found and _plural(found[1]) and not _is_chosen(value.value):
                    yield text.lineno, found[1]


def _plural(word: str) -> bool:
    return word in _AGREEING or (len(word) > 1 and word.endswith("s") and word not in _VERBS)


def _is_chosen(value: ast.expr) -> bool:
    """Whether a value is a constant of the code, or one of two texts, chosen by a number."""
    if isinstance(value, ast.BinOp):
        return _is_chosen(value.left)
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "agreed"
    return isinstance(value, ast.IfExp) or (isinstance(value, ast.Name) and value.id.isupper())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('f"{count} blobs"', ["blobs"]),
        ('f"of {len(a)} steps {done} are done"', ["steps", "are"]),
        ('f"{count:,} open items"', ["items"]),
        ("f\"{many(count, 'blob')} there\"", []),
        ('f"{_MOST} blobs"', []),
        ("f\"{'it' if one else 'they'} are\"", []),
        ('f"{name} uses it, {name} holds it"', []),
    ],
)
def test_what_is_looked_for_is_found(text: str, found: list[str]) -> None:
    assert [word for _, word in numbered(ast.parse(text))] == found


def test_a_number_before_a_noun_agrees_with_it() -> None:
    """`core.few.many` says `1 blob`; a text that is not made by it says `1 blobs` some day."""
    found = {
        (path.relative_to(SRC).as_posix(), word): line for path, tree in trees() for line, word in numbered(tree)
    }
    assert {
        f"{path}:{line}: {word}" for (path, word), line in found.items() if (path, word) not in _EXCUSED
    } == set()
    assert _EXCUSED.keys() - found.keys() == set(), "an excuse for what is gone"


def test_every_line_that_types_leave_out_says_which_error_and_why() -> None:
    pattern = re.compile(r"# type: ignore\[[a-z, -]+\]\s+(?:#|-)\s*\S")
    folders = (ROOT / name for name in ("src", "tests", "docs", "sandbox"))
    every = (path for folder in folders for path in folder.rglob("*.py") if path != Path(__file__))
    lines = ((path, line) for path in every for line in path.read_text(encoding="utf-8").split("\n"))
    assert [
        f"{path}: {line}" for path, line in lines if "# type: ignore" in line and not pattern.search(line)
    ] == []
