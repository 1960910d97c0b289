"""Which workspaces and datastores use a storage account besides one workspace, as far as that can be known."""

from __future__ import annotations

from dataclasses import dataclass, field

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.workspaces import datastores_of
from amlmigrate.core.armid import ArmId, name_of, subscription_of
from amlmigrate.core.documents import Document, properties_of, strings
from amlmigrate.core.parallel import each
from amlmigrate.core.workspace import SYSTEM_DATASTORES
from amlmigrate.kinds import holding
from amlmigrate.posture.sharing import foreign, not_whole, reads_all

_AT_ONCE = 16
_BY_KEY = frozenset({"accountkey", "sas"})
[_LIST] = holding().permissions.read


@dataclass(slots=True)
class AccountUsers:
    """Who uses it, each in words, and why there may be more."""

    known: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


async def account_users(side: Side, account_id: str, workspace_id: str) -> AccountUsers:
    """Every other workspace that has the account or a datastore in it, of those that can be seen.

    Of the workspace itself (`workspace_id`, an ARM id that need not exist) count the datastores of its users that
    go by a key of the account. A container that bears the number of a workspace that was not seen counts too.
    Raises ServiceError and OutOfReachError where ARM is out of order.
    """
    found, numbers = AccountUsers(), set[str]()
    seen = await _workspaces(side, {subscription_of(account_id), subscription_of(workspace_id)}, found)
    own = ""
    for one in seen:
        told, id_ = properties_of(one), str(one["id"])
        number = str(told.get("workspaceId") or "").lower()
        if ArmId.of(id_) == ArmId.of(workspace_id):
            own = number
        elif ArmId.of(told.get("storageAccount")) == ArmId.of(account_id):
            numbers.add(number)
            found.known.append(f"the workspace {id_}")

    async def stores(one: Document) -> None:
        found.known += await _datastores(side, str(one["id"]), account_id, workspace_id, found)

    await each(seen, stores, parallel=_AT_ONCE)
    found.known += [
        f"the workspace that the container '{name}' belongs to"
        for name in await _containers(side, account_id, own, found)
        if not any(number and name.lower().endswith(number) for number in numbers)
    ]
    found.known.sort()
    return found


async def _workspaces(side: Side, named: set[str], found: AccountUsers) -> list[Document]:
    visible = {str(item["subscriptionId"]).lower() async for item in side.arm.pages("/subscriptions")}
    every: list[Document] = []
    for subscription in sorted(visible | named):
        path = f"/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/workspaces"
        try:
            every += [item async for item in side.arm.pages(path)]
        except ServiceError as error:
            found.unknown.append(_unlisted(f"the workspaces of subscription {subscription}", error))
            continue
        if not await reads_all(side, subscription):
            found.unknown.append(not_whole(subscription))
    return every


async def _datastores(side: Side, id_: str, account_id: str, workspace_id: str, found: AccountUsers) -> list[str]:
    """Those of a workspace that lead into the account; of the workspace itself, those that go by its key."""
    try:
        datastores = await datastores_of(side.arm, id_)
    except ServiceError as error:
        found.unknown.append(_unlisted(f"the datastores of {id_}", error))
        return []
    own = ArmId.of(id_) == ArmId.of(workspace_id)
    account = name_of(account_id).lower()
    return [
        f"the datastore {address}"
        for address, one in datastores.items()
        if _leads(one, account)
        and (not own or (one.get("name") not in SYSTEM_DATASTORES and _kind(one) in _BY_KEY))
    ]


def _kind(datastore: Document) -> str:
    credentials = properties_of(datastore).get("credentials") or {}
    return str(credentials.get("credentialsType") or "").lower()


def _leads(datastore: Document, account: str) -> bool:
    """Whether it names the account: by its name, in a URL of any cloud, or by an ARM id; in capitals too."""
    texts = [text.lower() for _, text in strings(properties_of(datastore))]
    signs = (f"//{account}.", f"//{account}-secondary.", f"@{account}.", f"/storageaccounts/{account}")
    return account in texts or any(sign in f"{text}/" for text in texts for sign in signs)


async def _containers(side: Side, account_id: str, own: str, found: AccountUsers) -> tuple[str, ...]:
    """The containers of other workspaces that were made in the account."""
    why = ""
    try:
        return foreign(await side.blobs.containers(name_of(account_id)), own)
    except ServiceError as error:
        if error.status != 403:
            raise
        why = f", which takes '{_LIST}': {error.code}"
    except (OutOfReachError, TimeoutError):
        why = ": no answer came from it"
    found.unknown.append(f"the account's containers could not be listed{why}")
    return ()


def _unlisted(what: str, error: ServiceError) -> str:
    """Whatever was answered instead of a list is no knowledge. Raises what may pass by itself."""
    if error.transient:
        raise error
    return f"{what} could not be listed ({error.status} {error.code})"
