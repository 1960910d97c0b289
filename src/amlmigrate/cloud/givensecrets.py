"""Reads the secrets that somebody gives, each right before the call that sends it; nothing of them is kept."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import NoReturn

from amlmigrate.cloud import absence
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core import given
from amlmigrate.core.address import Address
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError, DeniedError, MigrateError
from amlmigrate.core.given import GivenSecret
from amlmigrate.core.held_secrets import hold
from amlmigrate.core.secretsources import SecretSource, SecretSources

# What signs this process in, and what it starts for that.
_SIGNS_IN = ("AZURE_", "ARM_", "MSI_", "IDENTITY_")
_AGAIN = "then continue with `migrate run --resume --secrets FILE`."


def taken(sources: SecretSources, environ: MutableMapping[str, str]) -> dict[str, str]:
    """The variables that a file names, taken out of the environment: no process that is started gets them."""
    names = {one.variable for of_item in sources.found.values() for one in of_item.values() if one.variable}
    found = {name: environ[name] for name in names if environ.get(name)}
    hold(found)
    for name in found:
        if not name.startswith(_SIGNS_IN):
            del environ[name]
    return found


class GivenSecrets:
    """What a file says where it is: in `variables`, or in vaults that the principal of a side may read."""

    def __init__(self, sources: SecretSources, variables: Mapping[str, str], side: Side) -> None:
        self._sources, self._variables, self._side = sources, variables, side

    async def filled(self, address: Address, body: Document) -> Document:
        """The body of an item with all that is given of it. Raises MigrateError with what to do."""
        wanted = dict.fromkeys(given.given_in(body, address))
        if not wanted:
            return body
        only = len(wanted) == 1
        found: Document = given.filled(body, address, {one: await self._value(one, only=only) for one in wanted})
        return found

    async def _value(self, wanted: GivenSecret, *, only: bool) -> str:
        source = self._sources.source(wanted.address, wanted.field, only=only)
        if source is None:
            raise BadInputError(
                f"Nobody says where its secret '{wanted.field}' is, which no answer shows.",
                address=str(wanted.address),
                remedy=f"Write a line for `{wanted}` into a file (docs/reference/secrets-file.md), {_AGAIN}",
            )
        value = self._variables.get(source.variable, "") if source.variable else await self._read(wanted, source)
        if not value:
            raise BadInputError(
                f"Its secret '{wanted.field}' is empty, or not there: {source}.",
                address=str(wanted.address),
                remedy=f"Set it, {_AGAIN}",
            )
        hold(value)
        return value

    async def _read(self, wanted: GivenSecret, source: SecretSource) -> str:
        vaults = self._side.vaults
        if not source.uri.endswith(f".{vaults.suffix}"):
            raise BadInputError(
                f"Its secret '{wanted.field}' is in a vault of another cloud: {source}.",
                address=str(wanted.address),
                remedy=f"Name one whose host ends in '.{vaults.suffix}', {_AGAIN}",
            )
        try:
            return str((await vaults.asked("GET", source.id)).get("value") or "")
        except ServiceError as error:
            if absence.of_secret(error, source.name):
                await self._refuse_absent(wanted, source, error)
            if error.status == 403:
                _refuse_forbidden(wanted, source, error)
            raise

    async def _refuse_absent(self, wanted: GivenSecret, source: SecretSource, error: ServiceError) -> NoReturn:
        """Says of what the vault does not have whether it was deleted, as far as the vault tells."""
        host = source.uri.removeprefix("https://").partition(".")[0]
        recover = f"az keyvault secret recover --vault-name {host} --name {source.name}"
        why, remedy = "is not in its vault", "Correct the file, or put the secret there"
        try:
            await self._side.vaults.asked("GET", f"{source.uri}/deletedsecrets/{source.name}")
            why, remedy = "was deleted, and can be brought back", f"Bring it back ({recover})"
        except ServiceError as looked:
            if not absence.of_secret(looked, source.name):
                why = "is not in its vault, and the vault does not say whether it was deleted"
                remedy = f"If it was deleted, bring it back ({recover}); else correct the file"
        raise MigrateError(
            f"Its secret '{wanted.field}' {why}: {source}.",
            address=str(wanted.address),
            remedy=f"{remedy}, {_AGAIN}",
        ) from error


def _refuse_forbidden(wanted: GivenSecret, source: SecretSource, error: ServiceError) -> NoReturn:
    # AZ-KEY-1 has it of keys and of secrets.
    disabled = "SecretDisabled" in error.codes or "on a disabled secret" in error.message
    if disabled:
        raise MigrateError(
            f"Its secret '{wanted.field}' is disabled: {source}.",
            address=str(wanted.address),
            remedy=f"Enable it (az keyvault secret set-attributes --id {source.id} --enabled true), {_AGAIN}",
        ) from error
    raise DeniedError(
        f"Its secret '{wanted.field}' may not be read ({error.code}): {source}.",
        address=str(wanted.address),
        remedy="Give whoever runs this the role Key Vault Secrets User on it, or the permission to get secrets by"
        f" an access policy, and open the vault's firewall to this machine; {_AGAIN}",
    ) from error
