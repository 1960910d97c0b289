"""The file of `--secrets`: where the secrets of items are that nobody is shown, and never a secret itself.

Whoever writes one into it has it in a file: it is refused, and no message repeats anything that a line says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from amlmigrate.core import csvtable, strictyaml
from amlmigrate.core.address import Address
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.strictyaml import YAML

_REMEDY = "docs/reference/secrets-file.md shows what it holds."
_PLACES = (
    "Write where it is, and never the secret: `env:NAME` for a variable of the environment, or the identifier of"
    " a secret in a vault, as `az keyvault secret show --query id` prints it. Take out what stands there now."
)
_COLUMNS = ("address", "secret")
_ENV = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
# learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates: names of vaults, objects, versions.
_VAULT = re.compile(
    r"https://([a-z0-9-]{3,24})\.(vault\.[a-z]+(?:\.[a-z]+)+)/secrets/([0-9a-zA-Z-]{1,127})(?:/([0-9a-f]{32}))?/?",
    re.IGNORECASE,
)
# Between an item and a field of it: no name of an item that takes a secret has one.
_FIELD = "#"


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where one is: `variable` of the environment, or `name` in the vault at `uri`, of a version or the newest."""

    line: int
    variable: str = ""
    uri: str = ""
    name: str = ""
    version: str = ""

    @property
    def id(self) -> str:
        """The identifier of a secret in a vault."""
        return "/".join(filter(None, (self.uri, "secrets", self.name, self.version)))

    def __str__(self) -> str:
        return f"env:{self.variable}" if self.variable else self.id


@dataclass(frozen=True, slots=True)
class SecretSources:
    """By item and field, where its secret is; the field '' is the item's only one."""

    path: Path = Path()
    found: Mapping[Address, Mapping[str, SecretSource]] = field(default_factory=dict)

    def source(self, address: Address, name: str, *, only: bool) -> SecretSource | None:
        """Where the secret of a field is, which may be the `only` one that is given; None where nothing says it.

        Of one of several a line without a field says nothing: a password would be sent as a name, which is shown.
        """
        of_item = self.found.get(address.item, {})
        return of_item.get(name) or (of_item.get("") if only and len(of_item) == 1 else None)

    @property
    def fields(self) -> dict[Address, frozenset[str]]:
        """The fields that it names of each item."""
        return {address: frozenset(of_item) for address, of_item in self.found.items()}

    def line(self, address: Address, name: str = "") -> int:
        """The line that names a field, or the first of an item."""
        of_item = self.found[address]
        return of_item[name].line if name in of_item else min(one.line for one in of_item.values())


NO_SECRETS = SecretSources()


def read(path: Path) -> SecretSources:
    """Reads a file: CSV with the columns `address` and `secret`, or a YAML mapping from one to the other.

    Raises BadInputError, with the line and nothing of what it says.
    """
    found: dict[Address, dict[str, SecretSource]] = {}
    for number, address, place in _lines(path):
        item, name = _item(path, number, address)
        if name in found.setdefault(item, {}):
            raise refused(path, f"line {number} names a secret that a line before it names already")
        found[item][name] = _source(path, number, place)
    return SecretSources(path, found)


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    if path.suffix.lower() in YAML:
        yield from _of_yaml(path)
        return
    try:
        lines = csvtable.read(path, _COLUMNS, remedy=_REMEDY)
    except BadInputError:
        # What was wrong with it may repeat a line.
        raise refused(
            path, "it cannot be read, or is not CSV that begins with the line `address,secret`"
        ) from None
    yield from ((number, line["address"], line["secret"]) for number, line in lines)


def _of_yaml(path: Path) -> Iterator[tuple[int, str, str]]:
    try:
        root = strictyaml.compose(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError):
        # What is given twice is named by the parser, and may be anything.
        raise refused(path, "it cannot be read, is not valid YAML, or has a name twice") from None
    nodes = root.value if isinstance(root, yaml.MappingNode) else [(root, root)]
    for key, value in nodes:
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode) or key is value:
            raise refused(path, "it is not a mapping from addresses to where their secrets are")
        yield strictyaml.line(key), key.value.strip(), value.value.strip()


def _item(path: Path, number: int, text: str) -> tuple[Address, str]:
    item, _, name = text.partition(_FIELD)
    try:
        address = Address.parse(item)
    except (BadInputError, ValueError):
        address = Address("")
    if not address.path or address.phase:
        raise refused(path, f"line {number} does not begin with the address of an item")
    return address, name.strip("/")


def _source(path: Path, number: int, text: str) -> SecretSource:
    if found := _ENV.fullmatch(text):
        return SecretSource(number, variable=found[1])
    if found := _VAULT.fullmatch(text):
        host, suffix, name, version = found.groups()
        return SecretSource(
            number, uri=f"https://{host.lower()}.{suffix.lower()}", name=name, version=version or ""
        )
    raise refused(path, f"line {number} does not say where a secret is", _PLACES)


def refused(path: Path, why: str, remedy: str = _REMEDY) -> BadInputError:
    """That the file cannot be used."""
    return csvtable.refused(path, why, remedy)
