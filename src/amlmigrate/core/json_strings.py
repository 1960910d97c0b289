"""The strings of a document: which are an address, which a command, and which are text for people.

An address is the whole of a string, with whatever spaces and signs it holds, or a whole word of a command, as a
shell parts it. None is ever cut out of a text: what names the source in one is told, and is left as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.documents import Document
from amlmigrate.core.jsontext import NotJsonError, changed
from amlmigrate.core.mapping import Mapping as WorkspaceMapping
from amlmigrate.core.nesting import is_shallow
from amlmigrate.core.pointers import below
from amlmigrate.core.reference import Reference, reference_of, references, stands_bare
from amlmigrate.core.reference_targets import Lead, lead, names_source

# Text for people: nothing follows it, and nothing of it is written anew.
_PROSE = frozenset({"description", "display_name", "displayName", "comment", "comments", "tags", "$schema"})
# Their keys are the customer's own names: an input may well be called `tags`.
_NAMED = frozenset({"inputs", "outputs", "jobs", "environment_variables", "environmentVariables"})
_INPUTS = "inputs"
# Where the text of an input stands: of a job's, and of a component's.
_TEXTS = ("value", "default")
_OF_PARENT = re.compile(r"^\$\{\{\s*parent\.inputs\.(\w+)\s*\}\}\Z")
_NOTHING: Mapping[str, str] = {}
# Properties of an asset are the customer's, and tell where it came from: no part of how it works.
_FREE = "/properties/"
# Strings that a shell parts into words, and conda packages, whose lines `pip` reads as it does arguments.
_COMMANDS = frozenset({"command", "args", "arguments", "program_arguments", "programArguments", "condaFile"})
# MLflow's inputs say before an address what it is (AZ-ASSET-19).
_BEFORE = re.compile(r"^(?:file|folder):(?=[a-z]+:/)", re.IGNORECASE)
_WORD = re.compile(
    r"""'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>(?:[A-Za-z0-9_.-]+=)?[^\s'"<>|;&()]+)""",
)
# Whatever names a workspace or an account has a slash, be it escaped, and most strings have none.
_LIKELY = re.compile(r"[/\\]|%2f", re.IGNORECASE)
_ASSIGNED = re.compile(r"^[A-Za-z0-9_.-]+=")


@dataclass(frozen=True, slots=True)
class JsonString:
    """One string: its JSON pointer, the member that it stands in (or its list does) and what stands beside it."""

    where: str
    text: str
    name: str = ""
    beside: Any = None
    prose: bool = False
    command: bool = False

    @property
    def free(self) -> bool:
        """Whether the asset works the same whatever it says."""
        return self.prose or self.where.startswith(_FREE)

    @property
    def inside(self) -> list[JsonString] | None:
        """The strings in it where it is JSON itself, as conda packages are; None where it is not."""
        parsed = _parsed(self.text)
        return (
            None if parsed is None else list(members(parsed, self.where, prose=self.prose, command=self.command))
        )

    @property
    def addresses(self) -> Iterator[tuple[int, str]]:
        """Where in the text an address may stand, and the address: the whole of it, or words of a command."""
        if self.prose:
            return
        start = _start(self.text)
        if not self.command or reference_of(self.text[start:]):
            yield start, self.text[start:]
        else:
            yield from _words(self.text, 0)


def members(
    value: Any,
    where: str = "",
    name: str = "",
    beside: Any = None,
    *,
    prose: bool = False,
    command: bool = False,
    bound: Mapping[str, str] = _NOTHING,
) -> Iterator[JsonString]:
    """Every string of a JSON value that is not empty.

    `bound`: keys of the value whose texts are what a member of another name takes them for.
    """
    if isinstance(value, dict):
        own = name in _NAMED
        for key, child in value.items():
            pointer = below(where, key)
            told = prose or (not own and key in _PROSE)
            # Below a name of the customer's the members are the service's again; no name of theirs says what a
            # name alone would be of.
            inner = "" if own and (isinstance(child, dict) or stands_bare(key)) else key
            words = command or (not own and key in _COMMANDS)
            taken = bound.get(key, "")
            inner = taken if taken and isinstance(child, str) else inner
            texts = (
                dict.fromkeys(_TEXTS, taken)
                if taken
                else _bound(value)
                if key == _INPUTS and not own
                else _NOTHING
            )
            yield from members(child, pointer, inner, value, prose=told, command=words, bound=texts)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from members(child, below(where, index), name, beside, prose=prose, command=command)
    elif isinstance(value, str) and value:
        yield JsonString(where, value, name, beside, prose, command)


def _bound(pipeline: Document) -> dict[str, str]:
    """The inputs of a pipeline that its nodes take for a name alone, each with the member that does.

    An input is the compute of each node with `${{parent.inputs.NAME}}` as its compute (AZ-ASSET-35).
    """
    nodes, found = pipeline.get("jobs"), {}
    for node in nodes.values() if isinstance(nodes, dict) else ():
        if not isinstance(node, dict):
            continue
        inputs = node.get(_INPUTS)
        given = inputs if isinstance(inputs, dict) else {}
        texts = [(key, text) for key, text in node.items() if stands_bare(key)]
        # A pipeline in it hands its own inputs on.
        texts += [(key, _text(given.get(name))) for name, key in _bound(node).items()]
        for key, text in texts:
            if isinstance(text, str) and (match := _OF_PARENT.match(text)):
                found[match[1]] = key
    return found


def _text(given: Any) -> Any:
    return given.get("value") if isinstance(given, dict) else given


def document_references(value: Any, where: str = "") -> Iterator[Reference]:
    """Everything that a document points to, and nothing that only a text for people names."""
    for member in members(value):
        yield from _references(member, where)


def rewritten(member: JsonString, mapping: WorkspaceMapping) -> tuple[str, list[Lead]]:
    """The text with each address in it as it has to be in the target, and the addresses that changed."""
    if not (_LIKELY.search(member.text) or stands_bare(member.name)):
        return member.text, []
    if (inside := member.inside) is not None:
        return _rewritten_json(member, inside, mapping)
    text, found = member.text, []
    for start, address in reversed(list(member.addresses)):
        leads = lead(address, mapping, member.name, member.beside)
        if leads and leads.after != address:
            text = f"{text[:start]}{leads.after}{text[start + len(address) :]}"
            found.append(leads)
    return text, found[::-1]


def naming_source(properties: Document, mapping: WorkspaceMapping) -> str:
    """What in a document's properties names the source itself, and breaks with it; else empty."""
    working = (member for member in members(properties) if not member.free)
    return next((found for member in working if (found := _named(member, mapping))), "")


def naming_workspace(properties: Document, mapping: WorkspaceMapping) -> str:
    """What in a document's properties names the source workspace, whose storage may well stay; else empty."""
    texts = (member.text for member in members(properties) if not member.free and _LIKELY.search(member.text))
    named = (one for text in texts for one in references([text]))
    return next((one.text for one in named if not one.scope.local and mapping.in_source(one.scope)), "")


def old_names(properties: Document, mapping: WorkspaceMapping) -> dict[str, Address]:
    """By pointer, the texts that are nothing but the old name of what the target calls otherwise, by what it is.

    Nothing says of them that they name it: an input of a pipeline may be the name of the compute for a node.
    """
    if not mapping.names:
        return {}
    known = {old.name.lower(): old for old in mapping.names}
    found = {one.where: known.get(one.text.lower()) for one in members(properties) if not one.free}
    return {where: old for where, old in found.items() if old}


def told_of_source(properties: Document, mapping: WorkspaceMapping) -> list[str]:
    """The pointers of the texts that only tell of the source, and are left as they are."""
    return [one.where for one in members(properties) if one.free and _named(one, mapping)]


def _references(member: JsonString, where: str) -> Iterator[Reference]:
    if (inside := member.inside) is not None:
        for one in inside:
            yield from _references(one, where)
        return
    for _, address in member.addresses:
        if found := reference_of(address, f"{where}{member.where}", member.name, member.beside):
            yield found


def _named(member: JsonString, mapping: WorkspaceMapping) -> str:
    if not _LIKELY.search(member.text):
        return ""
    texts = member.inside or [member]
    return next((found for one in texts if (found := names_source(one.text[_start(one.text) :], mapping))), "")


def _rewritten_json(
    member: JsonString, inside: list[JsonString], mapping: WorkspaceMapping
) -> tuple[str, list[Lead]]:
    """JSON in a text: its numbers, its order and its white space are the customer's too, and stay."""
    found = [(one.text, *rewritten(one, mapping)) for one in inside]
    after = {text: new for text, new, leads in found if leads}
    # Where one text is an address in one place and prose in another, neither is changed, and it is told.
    if not after or after.keys() & {text for text, _, leads in found if not leads}:
        return member.text, []
    try:
        return changed(member.text, after), [lead for _, _, leads in found for lead in leads]
    except NotJsonError:
        return member.text, []


def _parsed(text: str) -> Any:
    """A text that is a JSON object or list, parsed; None for any other, and for what is too deep to be walked."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if is_shallow(found) else None


def _start(text: str) -> int:
    match = _BEFORE.match(text)
    return match.end() if match else 0


def _words(text: str, offset: int) -> Iterator[tuple[int, str]]:
    """The words of a command, and of what it quotes where that is no address as a whole."""
    for match in _WORD.finditer(text):
        kind = str(match.lastgroup)
        word, start = match[kind], match.start(kind)
        if kind == "bare":
            assigned = _ASSIGNED.match(word)
            start += assigned.end() if assigned else 0
            word = word[assigned.end() :] if assigned else word
            # What a shell takes away is no part of a name, and here it is not taken away.
            if "\\" not in word:
                yield offset + start + _start(word), word[_start(word) :]
        elif reference_of(word[_start(word) :]):
            yield offset + start + _start(word), word[_start(word) :]
        else:
            yield from _words(word, offset + start)
