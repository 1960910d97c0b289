"""What the options of a plan let move in the source; what earlier plans have made by theirs still moves."""

from __future__ import annotations

from collections.abc import Callable

from amlmigrate.core.address import Address
from amlmigrate.core.allowed import Allowed, Options
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.secretsources import SecretSources, refused
from amlmigrate.kinds import Kind, moving_kinds


def allowed(
    sources: SecretSources,
    asked: Options,
    source: Inventory,
    earlier: Allowed,
    made: Callable[[Address], bool],
) -> Allowed:
    """The fields that a file names, each by its own name, and what of what is by hand moves.

    `earlier`: what plans before this one let; it holds for what is in the target because of that, which `made`
    says. Raises BadInputError for a line about nothing that takes a secret: nobody would know that it was in vain.
    """
    left = {asset.address: asset for asset in source.by_hand}
    every = left | dict(source.assets)
    before = Allowed(
        {address: fields for address, fields in earlier.secrets.items() if made(address)},
        frozenset(filter(made, earlier.items)),
    )
    given = Allowed(_given(sources, every)) | before
    let = (
        address
        for address, asset in left.items()
        if (kind := _kind(asset)) and kind.let(asset, given.given(address), asked.get(kind.name, frozenset()))
    )
    known = {address: fields for address, fields in given.secrets.items() if address in every}
    return Allowed(known, frozenset((*let, *(before.items & left.keys()))))


def _given(sources: SecretSources, every: dict[Address, Asset]) -> dict[Address, frozenset[str]]:
    given: dict[Address, frozenset[str]] = {}
    for address, fields in sources.fields.items():
        known = _fields(every.get(address))
        given[address] = frozenset(known[0] if not name and len(known) == 1 else name for name in fields)
        if wrong := sorted(given[address] - set(known)):
            told = f"it takes {', '.join(known)}" if known else "the source has none that takes a secret"
            line = sources.line(address, wrong[0])
            raise refused(sources.path, f"line {line} does not name a secret of an item: {told}")
    return given


def _kind(asset: Asset | None) -> Kind | None:
    return moving_kinds().get(asset.address.kind) if asset else None


def _fields(asset: Asset | None) -> list[str]:
    """The names of the secrets that an item takes."""
    kind = _kind(asset)
    return [one.field for one in kind.unshown(asset)] if kind and asset else []
