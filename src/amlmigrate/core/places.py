"""The places of a source as they stand in any text, and where a text names them: what breaks with the source.

This sees more than what is rewritten: every form by which the source's storage and workspace are reached, in
whatever longer text, and however it is escaped, as JSON, YAML, Python (`\\/`, `\\u002f`, `\\x2f`) or a URL (`%2F`)
write it. What is rewritten needs no look; what this still sees afterwards is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from amlmigrate.core.armid import ArmId
from amlmigrate.core.workspace import WORKING_SHARE, Location

if TYPE_CHECKING:
    from amlmigrate.core.mapping import Mapping

# Each from the first backslash of a run, and without a way back: a run of thousands is looked at once.
_ESCAPES = re.compile(rb"(?<!\\)\\++(?:u00|x)([2-7][0-9a-f])")
_SLASHES = re.compile(rb"(?<!\\)\\++/")
# A URL in a URL is encoded again.
_AGAIN = re.compile(rb"%(?:25)++")
# What an address has beside letters and digits, as URLs write it.
_PERCENT = tuple((f"%{ord(sign):x}".encode(), sign.encode()) for sign in "/:@-._$")


class Places:
    """The places of a source, as they stand in text."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        source, target = mapping.source, mapping.target
        accounts = {source.storage_account, *(root.account for root, _ in mapping.roots())} - {""}
        # An account of both is not the source's alone, nor is what names nothing but the account.
        self._whole = accounts - {target.storage_account}
        self._jobs = {job.lower() for job in (*source.jobs, *(job for job, _ in source.job_outputs))}
        self._shares = {f"azureml-filestore-{source.workspace_id.lower()}"}
        self._pattern = re.compile(_forms(mapping, accounts))
        # Many addresses of one file begin alike, and the pattern takes no more of them than that.
        self._leads = lru_cache(4096)(self._is_ours)
        tokens = [*accounts, f"workspaces/{source.ref.name}", source.workspace_id]
        tokens += [source.ref.name] if _has_own_name(mapping) else []
        self._tokens = [token.lower().encode() for token in tokens if token]
        self._tokens += [b"azureml://jobs/", b"runs:/"] if self._jobs else []

    def __reduce__(self) -> tuple[type[Places], tuple[Mapping]]:
        """What it is made of: what it has looked up is made anew."""
        return type(self), (self._mapping,)

    def count(self, data: bytes) -> int:
        """How many addresses in a piece of text lead to a place of the source. One that its end cuts is none."""
        return sum(1 for _ in self._found(data))

    def named(self, text: str) -> list[str]:
        """The addresses in a text that lead to a place of the source, as far as tells them, in lower case."""
        return [one.decode("ascii", "replace") for one in self._found(f"{text}\n".encode("utf-8", "replace"))]

    def _found(self, data: bytes) -> Iterator[bytes]:
        text = _plain(data)
        if any(token in text for token in self._tokens):
            yield from filter(self._leads, (match[0] for match in self._pattern.finditer(text)))

    def _is_ours(self, address: bytes) -> bool:
        match = self._pattern.match(address + b"\n")
        assert match
        found = {name: value.decode("ascii") for name, value in match.groupdict().items() if value is not None}
        if job := found.get("job") or found.get("run"):
            return job in self._jobs
        if "files" in found:
            return found.get("share") in self._shares or self._is_common(found["files"], found.get("share", ""))
        account = next((found[name] for name in ("host", "at", "id") if name in found), None)
        if account is None:
            return True
        container = next((found[name] for name in ("path", "before", "below") if found.get(name)), "")
        return self._is_own(account, container) if container else account in self._whole

    def _is_common(self, account: str, share: str) -> bool:
        """Whether it is the share of all workspaces of the source's account; without a name, the account."""
        return share in ("", WORKING_SHARE) and account in self._whole

    def _is_own(self, account: str, container: str) -> bool:
        place = Location(account, container)
        if self._mapping.place(place):
            return self._mapping.moves(place)
        source = self._mapping.source
        # One that has no place in the target is the source's all the same.
        return account == source.storage_account and source.names(container)


def _forms(mapping: Mapping, accounts: Iterable[str]) -> bytes:
    """The forms of addresses in lower case. What ends them has to be there, or they may go on."""
    source = mapping.source
    group = re.escape(f"/subscriptions/{source.ref.subscription}/resourcegroups/{source.ref.group}".lower())
    name, number = re.escape(source.ref.name.lower()), re.escape(source.workspace_id.lower()) or r"\b\B"
    account = "|".join(re.escape(one) for one in sorted(accounts)) or r"\b\B"
    storage = re.escape(ArmId.of(source.storage_account_id).collection.lower()) or r"\b\B"
    # The name of an account of another cloud is somebody else's.
    home = source.storage_suffix
    core = rf"{re.escape(home)}(?![a-z0-9-])" if home else r"core\.[a-z.]++"
    here = rf"(?:{core}|storage\.[a-z.]++)"
    suffix, at = rf"{here}(?::[0-9]++)?+", here if home else ""
    # The second region's copy, an account with a DNS zone of its own, a private endpoint's name
    # (learn.microsoft.com: storage-redundancy, storage-account-overview, storage-private-endpoints).
    beside = r"(?:-secondary)?+\.(?:z[0-9]++\.)?+(?:privatelink\.)?+"
    forms = (
        rf"{group}/(?:providers/microsoft\.machinelearningservices/)?workspaces/{name}(?=[^a-z0-9_-])",
        rf"azureml://locations/[^/\s\"']++/workspaces/{number}(?=[^0-9a-f-])",
        rf"//{number}\.workspace\.",
        rf"https?://(?P<host>{account}){beside}(?:blob|dfs)\.{suffix}(?:/++(?P<path>[$a-z0-9-]*+))?+(?=[\s\S])",
        rf"(?:wasbs?|abfss?)://(?P<before>[$a-z0-9-]++)@(?P<at>{account}){beside}(?:blob|dfs)\.{at}",
        rf"//(?P<files>{account}){beside}file\.{suffix}(?:/++(?P<share>[$a-z0-9-]*+))?+(?=[\s\S])",
        rf"{storage}/(?P<id>{account})(?:/blobservices/default/containers/(?P<below>[$a-z0-9-]++))?+(?=[^a-z0-9])",
        *(_as_clients_name_it(name) if _has_own_name(mapping) else ()),
        r"azureml://jobs/(?P<job>[^/\s\"'<>{}$]++)/outputs/",
        r"(?<![\w/])runs:/(?P<run>[^/\s\"'<>{}$]++)/",
    )
    return "|".join(forms).encode()


def _has_own_name(mapping: Mapping) -> bool:
    """Whether its name alone tells the source from the target."""
    return mapping.source.ref.name.lower() != mapping.target.ref.name.lower()


def _as_clients_name_it(name: str) -> tuple[str, ...]:
    """The name of the workspace in `config.json`, and in the calls by which a notebook connects to it.

    Its group and subscription stand elsewhere there, and are not looked at.
    """
    quote = r"(?:\\*+[\"'])?+"
    end = rf"{quote}{name}(?=[^a-z0-9_-])"
    return (
        rf"workspace_?+name{quote}\s*+[:=]\s*+{end}",
        rf"workspace\.get\(\s*+(?:name\s*+=\s*+)?+{end}",
    )


def _plain(data: bytes) -> bytes:
    """In lower case and without escapes."""
    text = data.lower()
    if b"\\" in text:
        if b"\\u00" in text or b"\\x" in text:
            text = _ESCAPES.sub(lambda match: bytes((int(match[1], 16),)), text).lower()
        text = _SLASHES.sub(b"/", text)
    if b"%" in text:
        text = _AGAIN.sub(b"%", text)
        for escaped, sign in _PERCENT:
            text = text.replace(escaped, sign)
    return text
