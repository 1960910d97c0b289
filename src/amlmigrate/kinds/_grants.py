"""The three forms in which an identity, or its workspace, is let in elsewhere, each with its calls of ARM.

What there is of one is `{"id": …, "properties": {…}}`, in one spelling: by that two are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote
from typing import TYPE_CHECKING, Any, Protocol

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.roles import Roles, assignment_id
from amlmigrate.cloud.twice import found_by
from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.pointers import names_of
from amlmigrate.core.roleends import NO_LICENCE, until
from amlmigrate.core.switched import Settings
from amlmigrate.kinds._elsewhere import GoneError, GrantWay, Held

if TYPE_CHECKING:
    from amlmigrate.cloud.arm import Arm

# Of a role assignment, what is the same in the new one; its description may name the old workspace.
_CONDITION = ("condition", "conditionVersion")
_POLICIES, _RULES = "accessPolicies", "resourceAccessRules"


class GrantForm(Protocol):
    """One form; the methods are those of `Elsewhere`."""

    def body(self, held: Held, who: Any) -> Document: ...
    def unlike(self, held: Held) -> str: ...
    def command(self, held: Held, who: str) -> str: ...
    def aim(self, scope: str, body: Document, who: str) -> Document: ...
    def to(self, body: Document, who: str) -> Document: ...
    async def read(self, arm: Arm, aim: Document) -> Document: ...
    async def now(self, arm: Arm, there: Document) -> Document: ...
    def has(self, there: Document, aim: Document) -> bool: ...
    async def lessened(self, arm: Arm, there: Document) -> str: ...
    def bars(self, there: Document, aim: Document) -> str: ...
    def becomes(self, there: Document, aim: Document) -> Settings: ...
    async def give(self, arm: Arm, aim: Document, body: Document) -> bool: ...
    async def take(self, arm: Arm, was: Settings, left: Settings) -> None: ...


def pointed(document: Document) -> Settings:
    """What there is, by JSON pointers."""
    properties = {f"/properties/{name}": value for name, value in document["properties"].items()}
    return {"/id": document["id"], **properties}


class RoleForm:
    """A role assignment: the same role at the same scope under the same condition."""

    def body(self, held: Held, who: Any) -> Document:
        old = properties_of(held.document)
        kept = {name: old[name] for name in _CONDITION if old.get(name)}
        # Without it a principal that is not known everywhere yet is refused (AZ-RIGHT-19).
        return {
            "properties": {
                "roleDefinitionId": old["roleDefinitionId"],
                "principalId": who,
                "principalType": "ServicePrincipal",
                **kept,
            }
        }

    def unlike(self, held: Held) -> str:
        if properties_of(held.document).get("delegatedManagedIdentityResourceId"):
            return "it was given by another tenant, for an identity that it names"
        # For good is more than until a day.
        return held.ends

    def command(self, held: Held, who: str) -> str:
        old = properties_of(held.document)
        parts = [
            "az role assignment create",
            f"--assignee-object-id {who} --assignee-principal-type ServicePrincipal",
            f"--role {quote(name_of(old['roleDefinitionId']))} --scope {quote(held.home or held.scope)}",
        ]
        if old.get("condition"):
            version = quote(str(old.get("conditionVersion") or "2.0"))
            parts.append(f"--condition {quote(str(old['condition']))} --condition-version {version}")
        return " ".join(parts)

    def aim(self, scope: str, body: Document, who: str) -> Document:
        told = properties_of(body)
        role = name_of(told["roleDefinitionId"]).lower()
        return _assigned(assignment_id(scope.rstrip("/"), who, role), scope, {**told, "principalId": who})

    def to(self, body: Document, who: str) -> Document:
        return {"properties": {**properties_of(body), "principalId": who}}

    async def now(self, arm: Arm, there: Document) -> Document:
        found = properties_of(await Roles(arm).get(there["id"]))
        return _assigned(there["id"], str(found.get("scope") or ""), found) if found else {}

    async def read(self, arm: Arm, aim: Document) -> Document:
        told = aim["properties"]
        if found := await self.now(arm, aim):
            return found
        for one in await Roles(arm).directly(told["scope"], told["principalId"]):
            there = _assigned(str(one.get("id")), str(properties_of(one).get("scope") or ""), properties_of(one))
            if all(there["properties"][name] == told[name] for name in ("scope", "roleDefinitionId")):
                return there
        return {}

    def has(self, there: Document, aim: Document) -> bool:
        return bool(there) and there["properties"] == aim["properties"]

    async def lessened(self, arm: Arm, there: Document) -> str:
        try:
            timed = await Roles(arm).schedules(there["properties"]["scope"].rstrip("/"))
        except ServiceError as error:
            if error.transient or error.status == 401:
                raise
            if NO_LICENCE not in error.codes:
                return f"whether it ends by itself could not be read: {error.summary.rstrip('.')}"
            timed = []
        at = until(timed, there)
        return f"it ends by itself, at {at}: given anew it would last for good" if at else ""

    def bars(self, there: Document, aim: Document) -> str:
        if not there or self.has(there, aim):
            return ""
        if there["properties"]["principalId"] != aim["properties"]["principalId"]:
            return f"another principal has an assignment of this name: {there['id']}"
        # There is one of a principal, role and scope at most (AZ-RIGHT-12).
        return f"the new identity has this role there under another condition: {there['id']}"

    def becomes(self, there: Document, aim: Document) -> Settings:
        return pointed(aim)

    async def give(self, arm: Arm, aim: Document, body: Document) -> bool:
        return await Roles(arm).assign(aim["id"], properties_of(body))

    async def take(self, arm: Arm, was: Settings, left: Settings) -> None:
        await Roles(arm).remove(str(left["/id"]))


def _assigned(id_: str, scope: str, told: Mapping[str, Any]) -> Document:
    """A role assignment in one spelling: a definition may be answered below any subscription, or below none."""
    properties = {
        "scope": key_of(scope),
        "roleDefinitionId": name_of(told.get("roleDefinitionId")).lower(),
        "principalId": str(told.get("principalId") or "").lower(),
        **{name: told.get(name) or None for name in _CONDITION},
    }
    return {"id": id_, "properties": properties}


class PolicyForm:
    """An access policy of a vault that goes by these."""

    def body(self, held: Held, who: Any) -> Document:
        told = held.document
        entry = {"tenantId": told.get("tenantId"), "objectId": who, "permissions": _named(told)}
        return {"properties": {_POLICIES: [entry]}}

    def unlike(self, held: Held) -> str:
        if held.document.get("applicationId"):
            return "it is for the identity by way of one application only"
        return ""

    def command(self, held: Held, who: str) -> str:
        vault = held.home or held.scope
        words = {"keys": "key", "secrets": "secret", "certificates": "certificate", "storage": "storage"}
        named = " ".join(
            f"--{words.get(kind, kind)}-permissions {' '.join(map(quote, names))}"
            for kind, names in _named(held.document).items()
        )
        where = f"--name {quote(name_of(vault))} --subscription {ArmId.of(vault).subscription}"
        return f"az keyvault set-policy {where} --object-id {who} {named}"

    def aim(self, scope: str, body: Document, who: str) -> Document:
        [entry] = properties_of(body)[_POLICIES]
        return _policy(scope, {**entry, "objectId": who})

    def to(self, body: Document, who: str) -> Document:
        [entry] = properties_of(body)[_POLICIES]
        return {"properties": {_POLICIES: [{**entry, "objectId": who}]}}

    async def now(self, arm: Arm, there: Document) -> Document:
        return await self.read(arm, there)

    async def read(self, arm: Arm, aim: Document) -> Document:
        entry = await _entry(arm, aim["id"], aim["properties"]["objectId"])
        return _policy(aim["id"], entry) if entry and _named(entry) else {}

    def has(self, there: Document, aim: Document) -> bool:
        return bool(there) and _joined(there, aim) == there["properties"]["permissions"]

    async def lessened(self, arm: Arm, there: Document) -> str:
        # Neither a policy nor a rule has an end, or a condition.
        return ""

    def bars(self, there: Document, aim: Document) -> str:
        return ""

    def becomes(self, there: Document, aim: Document) -> Settings:
        return pointed({**aim, "properties": {**aim["properties"], "permissions": _joined(there, aim)}})

    async def give(self, arm: Arm, aim: Document, body: Document) -> bool:
        if properties_of(await _required(arm, aim["id"])).get("enableRbacAuthorization"):
            raise ConflictError(
                "The vault goes by roles since the plan was made: a policy would give nothing.", address=aim["id"]
            )
        # Never a PUT of the vault: who else has a policy is none of ours (AZ-RIGHT-33).
        await arm.put(f"{aim['id']}/{_POLICIES}/add", body)
        return True

    async def take(self, arm: Arm, was: Settings, left: Settings) -> None:
        vault, who = str(left["/id"]), str(left["/properties/objectId"])
        entry = await _entry(arm, vault, who)
        if entry is None:
            return
        before: Mapping[str, list[str]] = was.get("/properties/permissions") or {}
        # As the vault spells them (AZ-RIGHT-33).
        given = {
            kind: [name for name in names or () if name.lower() not in before.get(kind, ())]
            for kind, names in (entry.get("permissions") or {}).items()
        }
        taken = {**entry, "permissions": {kind: names for kind, names in given.items() if names}}
        if not taken["permissions"]:
            # A policy that names none might be taken whole.
            return
        await arm.put(f"{vault}/{_POLICIES}/remove", {"properties": {_POLICIES: [taken]}})


def _named(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    """The permissions of an access policy, in one spelling."""
    every = {kind: sorted({str(one).lower() for one in names or ()}) for kind, names in _permissions(entry)}
    return {kind: names for kind, names in sorted(every.items()) if names}


def _permissions(entry: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list((entry.get("permissions") or {}).items())


def _policy(vault: str, entry: Mapping[str, Any]) -> Document:
    properties = {"objectId": str(entry.get("objectId") or "").lower(), "permissions": _named(entry)}
    return {"id": vault, "properties": properties}


def _joined(there: Document, aim: Document) -> dict[str, list[str]]:
    """What both permit."""
    old, new = (properties_of(one).get("permissions") or {} for one in (there, aim))
    return {kind: sorted({*old.get(kind, ()), *new.get(kind, ())}) for kind in sorted({*old, *new})}


async def _entry(arm: Arm, vault: str, who: str) -> Document | None:
    """A principal's own access policy, without one by way of an application. Raises ServiceError."""
    found = await _required(arm, vault)
    for one in properties_of(found).get(_POLICIES) or ():
        if str(one.get("objectId") or "").lower() == who.lower() and not one.get("applicationId"):
            return dict(one)
    return None


class RuleForm:
    """A rule by which a storage account's firewall lets a workspace in, by its ARM id."""

    def body(self, held: Held, who: Any) -> Document:
        rule = {"tenantId": held.document.get("tenantId"), "resourceId": who}
        return {"properties": {"networkAcls": {_RULES: [rule]}}}

    def unlike(self, held: Held) -> str:
        if (named := str(held.document.get("resourceId"))) and "*" in named:
            return f"the rule lets in all that {named} names, and the target is none of these"
        return ""

    def command(self, held: Held, who: str) -> str:
        account = held.home or held.scope
        where = f"--account-name {quote(name_of(account))} --subscription {ArmId.of(account).subscription}"
        tenant = quote(str(held.document.get("tenantId") or ""))
        return f"az storage account network-rule add {where} --resource-id {quote(who)} --tenant-id {tenant}"

    def aim(self, scope: str, body: Document, who: str) -> Document:
        [rule] = properties_of(body)["networkAcls"][_RULES]
        return _rule(scope, {**rule, "resourceId": who})

    def to(self, body: Document, who: str) -> Document:
        # Nobody but the target itself.
        return body

    async def now(self, arm: Arm, there: Document) -> Document:
        return await self.read(arm, there)

    async def read(self, arm: Arm, aim: Document) -> Document:
        account = await _required(arm, aim["id"])
        found = (_rule(aim["id"], one) for one in _rules(account))
        return next((one for one in found if self.has(one, aim)), {})

    def has(self, there: Document, aim: Document) -> bool:
        return bool(there) and there["properties"] == aim["properties"]

    async def lessened(self, arm: Arm, there: Document) -> str:
        return ""

    def bars(self, there: Document, aim: Document) -> str:
        return ""

    def becomes(self, there: Document, aim: Document) -> Settings:
        return pointed(aim)

    async def give(self, arm: Arm, aim: Document, body: Document) -> bool:
        [rule] = properties_of(body)["networkAcls"][_RULES]
        await self._changed(arm, aim["id"], lambda rules: [*rules, rule])
        return True

    async def take(self, arm: Arm, was: Settings, left: Settings) -> None:
        gone = key_of(left["/properties/resourceId"])
        await self._changed(
            arm, str(left["/id"]), lambda rules: [one for one in rules if key_of(one.get("resourceId")) != gone]
        )

    async def _changed(self, arm: Arm, account: str, change: Any) -> None:
        """All network rules are sent with one changed: the service takes no part of them, and no condition.

        So what somebody else has changed between the read and the write would be lost (AZ-RIGHT-34): both come
        right after each other, and an attempt that comes later sends nothing that is not as it was read. One that
        another service made may be refused when it is sent again (AZ-RIGHT-35): then nothing is changed.
        """
        before = _rules_of(await _required(arm, account))
        wanted = {**before, _RULES: change(list(before.get(_RULES) or ()))}

        async def as_read() -> None:
            if _rules_of(await _required(arm, account)) != before:
                raise ConflictError(
                    "Somebody else has just changed the network rules of the account.",
                    address=account,
                    remedy="Run the same command again.",
                )

        async def made() -> Any:
            return True if _rules_of(await _required(arm, account)) == wanted else None

        body = {"properties": {"networkAcls": wanted}}
        await arm.call("PATCH", account, body, twice=found_by(made), first=as_read)


def _rule(account: str, rule: Mapping[str, Any]) -> Document:
    return {"id": account, "properties": {"resourceId": key_of(rule.get("resourceId"))}}


def _rules_of(account: Document) -> Document:
    return dict(properties_of(account).get("networkAcls") or {})


def _rules(account: Document) -> list[Document]:
    return list(_rules_of(account).get(_RULES) or ())


async def _required(arm: Arm, id_: str) -> Document:
    """A resource that was there when it was planned. Raises GoneError where it is not, ServiceError."""
    found = await arm.get(id_)
    if found is None:
        raise GoneError("It is not there any more.", address=id_)
    return found


FORMS: Mapping[GrantWay, GrantForm] = {
    GrantWay.ROLE: RoleForm(),
    GrantWay.POLICY: PolicyForm(),
    GrantWay.RULE: RuleForm(),
}


def of_body(body: Document) -> GrantForm:
    """By what is sent."""
    told = properties_of(body)
    return FORMS[
        GrantWay.ROLE if "roleDefinitionId" in told else GrantWay.POLICY if _POLICIES in told else GrantWay.RULE
    ]


def of_aim(aim: Document) -> GrantForm:
    """By what there is of it."""
    told = properties_of(aim)
    return FORMS[
        GrantWay.ROLE
        if "roleDefinitionId" in told
        else GrantWay.POLICY
        if "permissions" in told
        else GrantWay.RULE
    ]


def document_of(left: Settings) -> Document:
    """What was left, as what there is of it."""
    properties = {names_of(pointer)[-1]: value for pointer, value in left.items() if pointer != "/id"}
    return {"id": left["/id"], "properties": properties}
