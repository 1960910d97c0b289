"""Secrets of the workspace's vault: those that people set, beside the many that the service keeps there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asked import RESTORE, SETTINGS, VALUE
from amlmigrate.core.asset import Asset, Many
from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.errors import DriftError, MigrateError
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding
from amlmigrate.core.given import SECRET
from amlmigrate.core.seal import NOT_LISTED, UNLISTED
from amlmigrate.core.translation import Difference
from amlmigrate.core.writes import Desired, PlanContext
from amlmigrate.kinds._base import Kind, WorkspacePort
from amlmigrate.kinds._extension import not_listed
from amlmigrate.kinds._fields import COMMON
from amlmigrate.kinds._listed import CREATED, Way
from amlmigrate.kinds._permissions import ML, DataActions, Permissions

# On one that was set by its value: the version of the source that it was read from.
ORIGIN = "migratedFrom.id"
# Key Vault takes no more of them on one secret (learn azure/key-vault/secrets/about-secrets).
_MOST_TAGS = 15
_FULL = f"it has {_MOST_TAGS} tags, and one more is needed for the version that a value is set from"
_VERSIONS = "versions"
_SECRETS = "Microsoft.KeyVault/vaults/secrets"
_CHOOSE = (
    "Name it in a file for `migrate plan --vault-secrets FILE`, or set it in the target's vault by hand"
    " (az keyvault secret set)."
)
_REST = (
    "Look whose they are: the service makes its own anew with the datastores, connections and endpoints of the"
    " target. What people need, name in a file for `migrate plan --vault-secrets FILE`; then waive this item."
)
_LOOK = (
    "Have Key Vault Reader granted on the vault, or go where its network lets you in, and plan again; or ask those"
    " who use it what they need of it, and waive this item."
)


class VaultSecrets(Kind):
    """A secret that the plan names moves with all its versions, or by its value; all others stay."""

    name = "vaultSecrets"
    caseless = True
    in_vault = True
    refers = False
    needs_on = False
    names: ClassVar[re.Pattern[str]] = re.compile(r"[0-9a-zA-Z-]{1,127}")
    way = Way.KEEP_IN_VAULT
    # No operations of MLClient read one.
    sdk_operations = ""
    hides = True
    hidden_field = "/properties/value"
    fields = replace(
        COMMON.but(
            computed={
                "inVault": "which of two lists shows it",
                "throughWorkspace": "which of two lists shows it",
                "managed": "of a certificate's secret",
            },
            mutable=dict.fromkeys(("attributes", "contentType", _VERSIONS), "a new version is set"),
            secrets={"value": "no list shows it", "backup": "only vaults read it"},
        ),
        provenance="",
    )
    volatile = ("attributes|recoveryLevel", "attributes|recoverableDays", "inVault", "throughWorkspace")

    @property
    def permissions(self) -> Permissions:
        return Permissions(
            read=(f"{ML}/metadata/secrets/read",),
            data=DataActions(
                read=(f"{_SECRETS}/readMetadata/action",),
                write=(f"{_SECRETS}/restore/action", f"{_SECRETS}/setSecret/action"),
                take=(f"{_SECRETS}/backup/action", f"{_SECRETS}/getSecret/action"),
            ),
        )

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        """What is asked for, each read by itself; and of all others, where they are asked for, what is listed."""
        asked = source.asked
        found = [one for address in asked.ways if (one := await self._asked_for(source, address))]
        if not asked.others:
            return found
        listed, refused = list[Document](), None
        try:
            async for item in self._items(source):
                listed.append(item)
        except (ServiceError, OutOfReachError) as error:
            if isinstance(error, ServiceError) and (error.transient or error.status not in (400, 403, 404)):
                raise
            refused = error
        others = [one for one in listed if not asked.way(self._address(one))]
        found += [_users(self._address(one), one) for one in others if _of_users(one)]
        if refused:
            return [*found, _unlisted(self.name, refused)]
        return [*found, *_rest(self.name, [one for one in others if not _of_users(one)])]

    def _address(self, item: Document) -> Address:
        return Address.of(self.name, str(item["name"]))

    async def _asked_for(self, source: WorkspacePort, address: Address) -> Asset | None:
        document = await self.read(source, address)
        if document is None:
            return None
        found = Asset(address, document, beside={"moves": {"way": source.asked.way(address)}})
        why = _cannot(found)
        return replace(found, reason=why, remedy=_CHOOSE) if why and source.asked.others else found

    def writable(self, properties: Document) -> Document:
        attributes = properties.get("attributes") or {}
        kept = {name: attributes[name] for name in SETTINGS if attributes.get(name) is not None}
        return properties | {"attributes": kept}

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        found = super().desired(asset, plan)
        member, body = "backup" if _way(asset) == RESTORE else "value", found.first.body
        write = replace(found.first, body=body | {"properties": {**body["properties"], member: {SECRET: member}}})
        return replace(found, writes=(write,))

    def findings(self, asset: Asset, body: Document, mapping: Any) -> list[Finding]:
        older = len(_versions(asset.document)) - 1
        if _way(asset) == RESTORE or older < 1:
            return []
        return [
            Finding(
                "warning",
                str(asset.address),
                f"Only its newest version moves, and {many(older, 'older version')} of it stay in the source's"
                " vault: the two vaults are not known to be of one subscription and geography.",
                "Set by hand what is still read by its version, as a disabled password of before.",
                code="secret-versions-stay",
            )
        ]

    async def secrets(
        self, source: WorkspacePort, target: WorkspacePort, address: Address, body: Document
    ) -> Document:
        """With its backup; with its value where that is the way, and where nothing can be restored over it."""
        body = await super().secrets(source, target, address, body)
        properties = {key: value for key, value in properties_of(body).items() if key not in ("backup", "value")}
        path = self.path(address)
        if "backup" in properties_of(body) and await self.read(target, address) is None:
            taken = await source.post(f"{path}/backup")
            return body | {"properties": {**properties, "backup": taken["value"]}}
        if _full(body):
            raise MigrateError(
                f"Nothing is set: {_FULL}.",
                address=str(address),
                remedy="Take one off it in the source and make a new plan; or waive it, and set it by hand.",
            )
        taken = await source.post(f"{path}/value")
        if str(taken.get("id") or "").rpartition("/")[2] != _newest(body):
            raise DriftError(
                "The source has a newer version of it than when the plan was made.",
                address=str(address),
                remedy="Make a new plan: it will contain only the difference.",
            )
        tags = {**(body.get("tags") or {}), ORIGIN: str(taken["id"])}
        return body | {"tags": tags, "properties": {**properties, "value": taken["value"]}}

    def compares_secrets(self, document: Document) -> bool:
        return True

    async def secret_of(self, port: WorkspacePort, address: Address) -> Document:
        """Its newest value, for the moment of a comparison; nothing where the vault gives none."""
        found = (await port.post(f"{self.path(address)}/value")).get("value")
        return {} if found is None else {"value": found}

    def differences(self, address: Address, wanted: Document, actual: Document) -> list[Difference]:
        """By what the vault shows of both; which versions there are by their ids, which a restore keeps."""
        found = super().differences(address, _shown(wanted), _shown(actual))
        return found + _of_versions(str(address), wanted, actual)

    def made(self, body: Document, actual: Document) -> bool:
        """Whether one came of the source's: a vault makes no id twice (AZ-SECRET-5)."""
        newest = _newest(body)
        return bool(newest) and (newest in _versions(actual) or _origin(actual) == newest)

    def policy_fields(self, body: Document) -> Document:
        return {}

    def example(self) -> Asset:
        return Asset(
            Address.of(self.name, "labeling-token"),
            {
                "name": "labeling-token",
                "type": _SECRETS,
                "tags": {"owner": "risk"},
                "properties": {
                    "contentType": "text/plain",
                    "attributes": {
                        "enabled": True,
                        "exp": 1893456000,
                        "created": 1774552498,
                        "updated": 1774552498,
                    },
                    _VERSIONS: ["64499136d36f40b69bc93132610493f2"],
                },
                "systemData": CREATED,
            },
        )


def _users(address: Address, item: Document) -> Asset:
    """One that was set by way of the workspace, and that the plan does not ask for."""
    told = "it was set by way of the workspace, and the plan does not name it"
    if not properties_of(item).get("inVault"):
        told = "the workspace lists it, and its vault shows none of that name"
    return Asset(address, item, reason=told, remedy=_CHOOSE)


def _of_users(item: Document) -> bool:
    return properties_of(item).get("throughWorkspace") is True


def _rest(kind: str, others: list[Document]) -> list[Asset]:
    """All others as one item, by name: the service's, other people's, and of nobody who is known."""
    if not others:
        return []
    lines = tuple(_line(one) for one in sorted(others, key=lambda one: str(one["name"]).lower()))
    whose = "the service's own, and those that people set in the vault itself"
    if any("throughWorkspace" not in properties_of(one) for one in others):
        whose = "which of them people set is not known, since the workspace did not list those"
    return [
        Asset(
            Address(kind),
            {"count": len(lines), "sha256": digest([one["name"] for one in lines])},
            reason=f"{many(len(lines), 'secret')} of the workspace's vault, listed in {kind}.jsonl: {whose}",
            remedy=_REST,
            many=Many(lines),
        )
    ]


def _line(item: Document) -> Document:
    properties = properties_of(item)
    attributes = properties.get("attributes") or {}
    whose = "a certificate" if properties.get("managed") else "not known"
    told = {"name": item["name"], "whose": whose, "contentType": properties.get("contentType")}
    return told | {name: attributes.get(name) for name in SETTINGS}


def _unlisted(kind: str, error: ServiceError | OutOfReachError) -> Asset:
    """One item for all that the vault did not list: whether there are any is not known."""
    if isinstance(error, ServiceError) and error.status == 403:
        # Its inner code says whether it is the vault's firewall, or a right that is missing.
        code = next((one for one in reversed(error.codes) if one), error.code)
        reason, document = f"the secrets of the workspace's vault could not be listed ({code})", UNLISTED
    elif isinstance(error, ServiceError):
        reason, document = not_listed("the secrets of the workspace's vault", error), NOT_LISTED
    else:
        told = "the workspace's vault cannot be reached, and its secrets could not be listed"
        reason, document = f"{told}: {error.summary.rstrip('.')}", NOT_LISTED
    return Asset(Address(kind), document, reason=reason, remedy=_LOOK)


def _way(asset: Asset) -> str:
    return str((asset.beside.get("moves") or {}).get("way") or VALUE)


def _cannot(asset: Asset) -> str:
    """Why one that is asked for cannot move; '' where it can. A disabled one is restored (AZ-SECRET-7)."""
    properties = asset.properties
    if properties.get("managed"):
        return "it belongs to a certificate, which moves as one (az keyvault certificate backup)"
    if _way(asset) == VALUE and (properties.get("attributes") or {}).get("enabled") is False:
        return "it is disabled: its vault gives no value of it, and a backup cannot be restored in the target's"
    return _FULL if _way(asset) == VALUE and _full(asset.document) else ""


def _full(document: Document) -> bool:
    """Whether it has no place for the tag by which one that is set is known again."""
    return len((document.get("tags") or {}).keys() - {ORIGIN}) >= _MOST_TAGS


def _versions(document: Document) -> list[str]:
    return list(properties_of(document).get(_VERSIONS) or ())


def _newest(document: Document) -> str:
    return (_versions(document) or [""])[-1]


def _origin(document: Document) -> str:
    """The version of the source that one was set from; '' where that is not told."""
    return str((document.get("tags") or {}).get(ORIGIN) or "").rpartition("/")[2]


def _shown(document: Document) -> Document:
    """Without its versions and the mark of where it came from."""
    tags = {name: value for name, value in (document.get("tags") or {}).items() if name != ORIGIN}
    properties = {name: value for name, value in properties_of(document).items() if name != _VERSIONS}
    return {**document, "tags": tags, "properties": properties}


def _of_versions(address: str, wanted: Document, actual: Document) -> list[Difference]:
    """In what the versions differ: the newest has to be the source's, and what was restored all of it.

    Versions between the last that was restored and the newest may be missing: they came after the first run.
    """
    source, target = _versions(wanted), _versions(actual)
    if not source:
        return []
    field = f"/properties/{_VERSIONS}"
    if source[-1] not in (_newest(actual), _origin(actual)):
        return [Difference(address, field, source[-1], _newest(actual), changeable=True)]
    restored = [place for place, one in enumerate(source) if one in target]
    missing = [one for one in source[: restored[-1] + 1] if one not in target] if restored else []
    return [Difference(address, field, ", ".join(missing), "missing", changeable=False)] if missing else []


KIND = VaultSecrets()
