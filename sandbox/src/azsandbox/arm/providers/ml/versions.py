"""Versions of assets: one PUT for all kinds, with what differs left to each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.paging import NewestFirst, page
from azsandbox.arm.providers.ml.base import WorkspaceKind, check_asset_name, sent_properties
from azsandbox.arm.providers.ml.containers import ContainerKind
from azsandbox.arm.providers.ml.listing import active, ascending, size_of
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.systemdata import author, stamped
from azsandbox.messages import Response

# What only the service sets, whatever a client sends.
_OWN = ("provisioningState", "autoDeleteSetting", "intellectualProperty", "latestVersion", "nextVersion")


class VersionKind(WorkspaceKind):
    """The rules that versions of all kinds share."""

    case_sensitive = True
    put_always_creates: ClassVar[bool] = False
    lists_named_only: ClassVar[bool] = False  # shows anonymous versions only where all are asked for
    staged: ClassVar[bool] = False  # has a `stage`, which wins over `isArchived`
    preview_fields: ClassVar[tuple[str, ...]] = ()  # null in the previews of 2023-04 to 2024-01, else absent

    # What a kind says

    def filled(self, call: Call, sent: dict[str, Any]) -> dict[str, Any]:
        """The properties as they are kept, in the order of the answer. Raises ArmError to refuse."""
        raise NotImplementedError

    def check_same(self, call: Call, new: dict[str, Any], old: Record) -> None:
        """Raises ArmError when something else is sent for an immutable field."""

    async def check_new(self, call: Call, properties: dict[str, Any]) -> None:
        """Raises ArmError when a new version cannot be made of what it names."""

    def shown(self, call: Call, record: Record, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties of an answer; `properties` is a copy that may be changed."""
        return properties

    def container_extra(self, properties: dict[str, Any]) -> dict[str, Any]:
        """What a container has of its first version."""
        return {}

    def terms(self, call: Call, properties: dict[str, Any]) -> tuple[str, ...]:
        """What the version can be found by."""
        return ()

    def no_container(self, call: Call, name: str) -> ArmError:
        """404 for a list of, or a version in, what does not exist."""
        raise NotImplementedError

    def missing(self, call: Call) -> ArmError:
        """404 for a version of an existing container; not recorded, so the container's text is used
        (AZ-ABSENT-12)."""
        return self.no_container(call, self.container_name(call))

    # What all kinds do

    @property
    def containers(self) -> ContainerKind:
        """The kind of the containers."""
        kind = self.context.kinds[self.key_type.rpartition("/")[0]]
        assert isinstance(kind, ContainerKind)
        return kind

    def container_name(self, call: Call) -> str:
        """The name of the asset."""
        return call.level(self.key_type.rpartition("/")[0]).name

    def container(self, call: Call) -> Record | None:
        """The container of the call, if it is there."""
        return self.context.store.get(call.level(self.key_type.rpartition("/")[0]).key)

    def listed(self, call: Call) -> Sequence[Record]:
        """Newest first unless asked otherwise."""
        oldest_first = super().listed(call)
        return oldest_first if ascending(call) else NewestFirst(oldest_first)

    async def list(self, call: Call) -> Response:
        """GET with `listViewType`, `$orderBy`, `$top`; 404 when the container is not there.

        In an archived container all versions are archived. Inferred (AZ-ASSET-27): each shows its own `isArchived`
        all the same.
        """
        container = self.container(call)
        if container is None:
            raise self.no_container(call, self.container_name(call))
        hidden = bool(container.properties.get("isArchived"))
        wanted = active(call, hidden=hidden, named=self.lists_named_only)
        return page(call, self.listed(call), size_of(call, self.page_size), self.view, wanted)

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """The version as the api-version has it (AZ-ASSET-33)."""
        properties = dict(record.properties)
        if call.preview and "2023-04" <= call.api_version < "2024-02":
            properties |= dict.fromkeys(self.preview_fields)
        return {**record.document, "properties": self.shown(call, record, properties)}

    async def put(self, call: Call) -> Response:
        """201 with `Location` when new, else 200."""
        sent = {name: value for name, value in sent_properties(call).items() if name not in _OWN}
        old = self.find(call)
        check_asset_name(self, call)
        properties = self._with_stage(self.filled(call, sent), sent)
        if old is not None:
            self.check_same(call, properties, old)
            self._check_restoring(call, properties, old)
        else:
            await self.check_new(call, properties)
        record = self._record(call, properties, old)
        changed = [record]
        if old is None:
            changed.append(self._counted(call, record))
        self.context.store.put(*changed)
        created = old is None or self.put_always_creates
        return answer(201 if created else 200, self.view(call, record), {"Location": call.url} if created else {})

    def _check_restoring(self, call: Call, new: dict[str, Any], old: Record) -> None:
        """No version of an archived container is restored by itself (Learn, `az ml model restore`).

        Inferred (AZ-LOCAL-1): the status and the text.
        """
        container = self.container(call)
        hidden = container is not None and container.properties.get("isArchived")
        if hidden and old.properties["isArchived"] and not new["isArchived"]:
            name = self.container_name(call)
            raise self.user_error(call, f"The container {name} is archived: restore it to restore its versions.")

    def _record(self, call: Call, properties: dict[str, Any], old: Record | None) -> Record:
        now = asset_time(call.tick())
        before = old.document["systemData"] if old else None
        if before is None:
            system = self.first_stamp(call, now)
        elif self.put_always_creates:
            system = before
        else:
            system = stamped(now, author(call.principal), before)
        document = {"properties": properties, "systemData": system}
        container_id = f"{self.workspace(call).id}/{self.type.split('/')[2]}/{self.container_name(call)}"
        return self.new_record(call, container_id, document, terms=self.terms(call, properties))

    def first_stamp(self, call: Call, now: str) -> dict[str, Any]:
        """`systemData` of a new version."""
        return stamped(now, author(call.principal))

    def _with_stage(self, properties: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
        """A stage that is sent decides over `isArchived` (AZ-ASSET-2), else it follows it."""
        if not self.staged:
            return properties
        stage = sent.get("stage")
        if isinstance(stage, str) and stage:
            properties["isArchived"] = stage == "Archived"
        elif properties["isArchived"]:
            properties["stage"] = "Archived"
        return properties

    def _counted(self, call: Call, record: Record) -> Record:
        """The container with the new version counted."""
        level = call.level(self.key_type.rpartition("/")[0])
        container = self.context.store.get(level.key)
        if container is None:
            extra = self.container_extra(record.properties)
            container = self.containers.implied_by(
                self.workspace(call), level.key, level.name, call.principal, extra
            )
        container.hidden["newest"] = record.name
        if record.name.isdecimal():
            container.hidden["highest"] = max(container.hidden["highest"], int(record.name))
        return container

    async def delete(self, call: Call) -> Response:
        """200 without a body; 204 when there was none (AZ-DEL-9). The container and its count stay."""
        record = self.find(call)
        if record is None:
            return Response(204)
        self.context.store.remove(record)
        container = self.container(call)
        if container is not None and container.hidden["newest"] == record.name:
            rest = self.context.store.children(container.key, self.key_type)
            container.hidden["newest"] = rest[-1].name if rest else None
            self.context.store.put(container)
        return Response(200)


def common(sent: dict[str, Any], *, description: Any = None, tags: Any, properties: Any) -> dict[str, Any]:
    """The five properties every version starts with; `tags` and `properties` are what stands for none."""
    return {
        "description": sent.get("description", description),
        "tags": sent["tags"] if sent.get("tags") is not None else tags,
        "properties": sent["properties"] if sent.get("properties") is not None else properties,
        "isArchived": bool(sent.get("isArchived", False)),
        "isAnonymous": bool(sent.get("isAnonymous", False)),
    }


def rest(sent: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """What was sent that the kind does not know; it survives."""
    return {name: value for name, value in sent.items() if name not in known}
