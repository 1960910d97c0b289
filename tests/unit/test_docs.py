"""The documentation says what the code does: generated blocks, links, and every command, option and exit code."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import beliefs
import pytest

from amlmigrate.core.errors import ExitCode
from amlmigrate.kinds import all_kinds

ROOT = Path(__file__).parents[2]


def _generator() -> Any:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = _generator()
PAGES = [
    *(
        ROOT / name
        for name in (
            "README.md",
            "SECURITY.md",
            "CHANGELOG.md",
            "plans/README.md",
            "sandbox/README.md",
            "sandbox/CHANGELOG.md",
        )
    ),
    *GENERATE.pages(),
]
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAGES}
pages = pytest.mark.parametrize("page", TEXTS)

FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
# Not what Python imports from the package of that name.
COMMAND = re.compile(r"(?<!from )\b(migrate|azsandbox) +([a-z]+)\b(?!-)([^|&;\n]*)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+)")
# Options of other programs, in what the commands print or a reader types.
OTHERS = {
    "--ids",
    "--encryption-key-source",
    "--encryption-key-vault",
    "--encryption-key-name",
    "--check",
    "--detach",
}
ROOT_OPTIONS = {"--help", "--version", "--install-completion", "--show-completion"}


def _anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def _typed(text: str) -> Iterator[str]:
    """What a reader may type: code spans, and the lines of code blocks."""
    for block in FENCE.findall(text):
        # A long command goes on after a backslash.
        yield from block.replace("\\\n", " ").splitlines()[1:-1]
    yield from SPAN.findall(FENCE.sub("", text))


def test_generated_blocks_are_what_the_code_gives() -> None:
    stale = [str(path.relative_to(ROOT)) for path in GENERATE.stale()]
    assert not stale, f"{stale}: run `make docs`"


def test_every_block_stands_in_a_page() -> None:
    written = {name for text in TEXTS.values() for name in re.findall(r"<!-- generated: ([\w:/-]+) -->", text)}
    assert written == set(GENERATE.blocks())


@pytest.mark.parametrize("name", sorted(all_kinds()))
def test_a_kind_has_a_page_with_a_table_its_pitfalls_and_how_to_undo_it(name: str) -> None:
    page = GENERATE.kind_page(name)
    text = TEXTS[f"docs/reference/kinds/{page.partition('#')[0]}"]
    blocks = [
        text.partition(f"<!-- generated: {sort}:{name} -->")[2].partition("<!-- end of generated -->")[0].strip()
        for sort in ("kind", "holding", "listed")
    ]
    [told] = filter(None, blocks)
    of_it, beside = text.partition(told)[::2]
    if "#" in page:
        # Of several kinds: a heading, a table and the pitfalls are each one's own.
        assert re.search(rf"^## {name}$\n+<!-- [^\n]+$\n*\Z", of_it, re.MULTILINE), "its heading"
        assert "| --- | --- |" in told
        assert re.match(rf"\n+<!-- end of generated -->\n+### To know of {name}\n+\S", beside)
    else:
        assert of_it.startswith(f"# {name}\n")
        # Of the workspace's own document the table is that of its members.
        assert "| --- |" in told + beside
        assert re.search(r"^## What (moves|happens with it)\n+\S", beside, re.MULTILINE)
        assert re.search(r"^## To know\n+\S", beside, re.MULTILINE)
    assert re.search(r"^## Undo\n+\S", beside, re.MULTILINE)


def test_each_member_of_a_step_is_told() -> None:
    table = TEXTS["docs/reference/plan-file.md"].partition("<!-- generated: step -->")[2].partition("<!-- end")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(GENERATE.STEP)


@pages
def test_no_word_stands_twice_in_a_row(page: str) -> None:
    text = SPAN.sub("", FENCE.sub("", TEXTS[page]))
    assert not re.findall(r"\b([A-Za-z]{2,}) \1\b", text)


@pages
def test_links_lead_somewhere(page: str) -> None:
    text = TEXTS[page]
    for link in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        place = (ROOT / page).parent / path if path else ROOT / page
        assert place.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in _anchors(place.read_text(encoding="utf-8")), f"{link}: no such heading"


def test_every_page_can_be_reached_from_the_index() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
        waiting += [
            (page.parent / link.partition("#")[0]).resolve()
            for link in links
            if link.partition("#")[0] and ":" not in link
        ]
    assert not set(GENERATE.pages()) - reached


@pages
def test_commands_and_their_options_exist(page: str) -> None:
    commands: dict[str, set[str]] = {}
    for name, callback in GENERATE.commands().items():
        # `evidence check` is told by its first word.
        commands.setdefault(name.split()[0], set()).update(GENERATE.options(callback))
    programs = {"migrate": commands, "azsandbox": GENERATE.sandbox_options()}
    known = set().union(*commands.values(), *programs["azsandbox"].values()) | OTHERS | ROOT_OPTIONS
    for typed in _typed(TEXTS[page]):
        for program, name, rest in COMMAND.findall(typed):
            assert name in programs[program], typed
            # What follows `--` in `azsandbox exec -- CMD` is another program's.
            own = re.split(r"\s--\s", rest)[0]
            unknown = set(OPTION.findall(own)) - programs[program][name] - {"--help"}
            assert not unknown, f"{typed}: {program} {name} has no {unknown}"
        if not typed.removeprefix("$ ").startswith(("az ", "azcopy ", "rclone ")):
            # A remedy in what a command prints may hold a command of another program.
            assert not set(OPTION.findall(re.sub(r"\(az [^)]*\)", "", typed))) - known, typed


COMMANDS = GENERATE.commands()
NEEDED = {name: GENERATE.needed(callback) for name, callback in COMMANDS.items()}
GROUPS = {name.split()[0] for name in COMMANDS if " " in name}
# A page says by one of these what such a command is about: `key drill` refuses without, and `key rotate` goes by what
# its reader happens to see.
NAMING = {
    "key rotate": {"PROPOSAL", "--key", "--workspace", "--subscription", "--overdue"},
    "key drill": {"--key", "--workspace"},
}
ARGUMENTS = {"guard plan", "guard apply", "guard check", "guard test", "guard callers", "guard emit"}


def _faults(line: str) -> Iterator[str]:
    """What is wrong with the commands of `migrate` in one line of a block."""
    if "[OPTIONS]" in line:
        return
    for program, first, rest in COMMAND.findall(re.split(r"\s#\s", line)[0]):
        if program != "migrate":
            continue
        second, *others = [*rest.split(), ""]
        name, words = (f"{first} {second}", others) if first in GROUPS else (first, [second, *others])
        if name not in COMMANDS:
            yield f"there is no {name}"
            continue
        given = set(OPTION.findall(rest))
        if lacks := NEEDED[name] - given:
            yield f"{name} needs {lacks}"
        if first in GROUPS and (unknown := given - GENERATE.options(COMMANDS[name]) - {"--help"}):
            yield f"{name} has no {unknown}"
        argument = words[0] != "" and not words[0].startswith("-")
        naming = NAMING.get(name, set())
        if name in ARGUMENTS and not argument:
            yield f"{name} needs a file"
        if naming and not naming & given and not ("PROPOSAL" in naming and argument):
            yield f"{name} needs one of {naming}"


@pages
def test_a_command_that_is_typed_has_what_it_needs(page: str) -> None:
    """In blocks: in a sentence a command may be named without its options."""
    for block in FENCE.findall(TEXTS[page]):
        for line in block.replace("\\\n", " ").splitlines()[1:-1]:
            assert not list(_faults(line)), line


def test_the_options_that_a_command_needs_are_known() -> None:
    assert NEEDED["approve"] == {"--digest"} and NEEDED["plan"] == set()
    assert {name for name in COMMANDS if name.startswith("guard ")} == ARGUMENTS


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("migrate key drill --dry-run", "needs one of"),
        ("migrate key rotate --make", "needs one of"),
        ("migrate key status --confirm my-vault/my-key", "has no"),
        ("migrate guard check", "needs a file"),
        ("migrate guard mend guard.yaml", "there is no guard mend"),
        ("migrate approve plans/demo-source", "needs {'--digest'}"),
        ("migrate key rotate rotation.json", ""),
        ("migrate key drill --key $KEY --dry-run  # nothing is disabled", ""),
        ("migrate guard plan guard.yaml --out plan.json", ""),
    ],
)
def test_what_a_typed_command_lacks_is_found(line: str, fault: str) -> None:
    found = list(_faults(line))
    assert fault in found[0] if fault else not found


@pages
def test_exit_codes_exist(page: str) -> None:
    codes = {int(code) for code in ExitCode} | {137}
    for group in re.findall(r"[Ee]xit codes? `?(\d+(?:(?:, | or | and )\d+)*)", TEXTS[page]):
        assert set(map(int, re.findall(r"\d+", group))) <= codes, group


def test_every_event_is_told_and_no_other() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "amlmigrate").rglob("*.py"))
    sent = set(re.findall(r"\bEvent\(\s*\"([a-z.]+)\"", source))
    sent |= set(re.findall(r"\bNamedEnd\(\s*\"([a-z.]+)\"", source))
    sent |= set(re.findall(r"self\._line\(\"([a-z.]+)\"", source))
    sent |= set(
        re.findall(
            r"\((?:TypedEvent|Resource\w+)\):[^=]*?\n(?:    __slots__ = \(\)\n)?    name: ClassVar\[str\] = \"([a-z.]+)\"",
            source,
        )
    )
    # What is counted is told from time to time, by the view.
    sent |= {"run.progress", "verify.progress"}
    told = set(re.findall(r"^\| `([a-z.]+)` \|", TEXTS["docs/reference/events.md"], re.MULTILINE))
    assert told == sent


def test_every_exit_code_has_a_row() -> None:
    rows = re.findall(r"^\| `(\d+)` \|", TEXTS["docs/reference/exit-codes.md"], re.MULTILINE)
    assert [int(row) for row in rows] == [int(code) for code in ExitCode]


# Beliefs about Azure (docs/azure).

BELIEFS = beliefs.read()
USERS = beliefs.packages(ROOT)
PARTS = ("src", "sandbox", "tests", "docs")
# The beliefs themselves, what is made of them, and what reads and tests them, with examples of its own.
BOOKS = (
    "docs/azure/",
    "docs/beliefs.py",
    "docs/support.py",
    "docs/reference/sandbox-support.md",
    "tests/unit/test_beliefs.py",
    "tests/unit/test_docs.py",
)
CITED = [
    one
    for part in PARTS
    for one in beliefs.citations(ROOT / part)
    if not str(one.path.relative_to(ROOT)).startswith(BOOKS)
]
# An inferred belief is named beside the word, over the end of a line too.
INFERRED = re.compile(r"\binferred\b(?!\s*(?:[#*]\s*)?\(\[?AZ-)", re.IGNORECASE)


def _citing() -> Iterator[tuple[str, str]]:
    """The files that cite beliefs, with their texts."""
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*")):
            name = str(path.relative_to(ROOT))
            if path.suffix in (".py", ".js", ".md") and not name.startswith(BOOKS):
                yield name, path.read_text(encoding="utf-8")


def test_each_belief_that_is_cited_is_there() -> None:
    lost = {f"{one.path.relative_to(ROOT)}: {one.id}" for one in CITED if one.id not in BELIEFS or not one.whole}
    assert not lost, "no page of docs/azure has these"


def test_code_relies_on_each_belief() -> None:
    assert not set(BELIEFS) - set(USERS), "nothing below src cites these: remove them"


def test_a_belief_of_the_product_harms_more_than_tests() -> None:
    def product(id_: str) -> bool:
        return any(one.startswith(beliefs.PRODUCT) for one in USERS[id_])

    wrong = {one.id for one in BELIEFS.values() if one.harm is beliefs.Harm.TESTS and product(one.id)}
    assert not wrong


def test_what_is_inferred_is_a_belief_with_an_id() -> None:
    found = {name for name, text in _citing() if INFERRED.search(text) or "[I]" in text}
    assert not found, "write `Inferred (AZ-AREA-n): ...`, and add the belief to its page in docs/azure"


def test_nothing_cites_a_sheet_that_is_not_here() -> None:
    sheets = re.compile("|".join(f"{name}-facts" for name in ("azure", "wire", "workspace", "governance")))
    found = {name for name, text in _citing() if sheets.search(text)}
    assert not found, "cite the belief's id, as docs/azure has it"


def test_readers_are_led_to_what_is_unverified() -> None:
    assert "docs/azure/unverified.md" in TEXTS["README.md"] and "azure/README.md" in TEXTS["docs/README.md"]
