"""A kind of resource: one class per ARM type with the rules of its requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from azsandbox.arm.calls import Call, Rules
from azsandbox.arm.context import Context
from azsandbox.arm.described import described_by, shapes
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.paging import page
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

Handler = Callable[[Any, Call], Awaitable[Response]]


class Kind(Rules):
    """The rules of one ARM type.

    This base reads, lists and deletes what is in the store and refuses to write. Subclasses declare their type
    and say how a resource is written and shown.
    """

    def __init_subclass__(cls) -> None:
        found = dict(cls.actions)
        for name, member in list(vars(cls).items()):
            for verb, path in getattr(member, "arm_actions", ()):
                found[verb, path] = name
        cls.actions = found

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context

    def right(self, call: Call) -> str:
        """The action that a call takes, where type and method do not tell it."""
        return ""

    # Reading

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """The document as the api-version of the call has it. Must not change the record."""
        return record.document

    def find(self, call: Call) -> Record | None:
        """The resource of the call, if it is there."""
        return self.context.store.get(call.route.key)

    def require(self, call: Call) -> Record:
        """The resource of the call. Raises ArmError 404."""
        record = self.find(call)
        if record is None:
            raise self.missing(call)
        return record

    def missing(self, call: Call) -> ArmError:
        """What ARM says of a resource that is not there (AZ-ABSENT-1)."""
        names = "/".join(level.name for level in call.route.levels if level.key.count("/providers/"))
        groups = [
            level.name for level in call.route.levels if level.kind.type == "Microsoft.Resources/resourceGroups"
        ]
        group = groups[0] if groups else ""
        return gateway(
            404,
            "ResourceNotFound",
            f"The Resource '{_spelled(self.type, names)}' under resource group '{group}' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        )

    def listed(self, call: Call) -> Sequence[Record]:
        """What a list of the call's collection starts from, in the order of the answer."""
        store = self.context.store
        if call.route.levels and call.route.levels[-1].kind.type == "Microsoft.Resources/subscriptions":
            return list(store.of_type(self.key_type, call.route.parent))
        return store.children(call.route.parent, self.key_type)

    async def get(self, call: Call) -> Response:
        """GET of one resource."""
        return answer(200, self.view(call, self.require(call)))

    async def head(self, call: Call) -> Response:
        """HEAD of one resource: 204, or 404 without a body."""
        return Response(204 if self.find(call) is not None else 404)

    async def list(self, call: Call) -> Response:
        """GET of the collection."""
        return page(call, self.listed(call), self.page_size, self.view)

    async def post(self, call: Call) -> Response:
        """POST of the collection, where a type is an action of its provider."""
        raise self.unsupported(call)

    # Writing

    async def put(self, call: Call) -> Response:
        """PUT of one resource."""
        raise self.unsupported(call)

    async def patch(self, call: Call) -> Response:
        """PATCH of one resource."""
        raise self.unsupported(call)

    @classmethod
    def deletes(cls) -> bool:
        """Whether it answers DELETE: by a method of its own, where a source has that, or as another's provider.

        Inferred (AZ-LOCAL-10): what no source deletes cannot be deleted.
        """
        own = cls.delete is not Kind.delete or cls.api_versions
        return bool(own or described_by(shapes(cls, "DELETE")))

    async def delete(self, call: Call) -> Response:
        """DELETE of one resource: 200, and 204 when there was none; 405 where no source has it."""
        if not self.deletes():
            raise self.unsupported(call)
        record = self.find(call)
        if record is None:
            return Response(204)
        await self.removing(call, record)
        self.context.store.remove(*self.context.store.below(record.key), record)
        return Response(200)

    async def removing(self, call: Call, record: Record) -> None:
        """What has to go with a resource. Raises ArmError to refuse."""

    async def settled(self, target: Record | None, operation: Record) -> None:
        """Called once when a long-running operation on a resource of this kind is due."""

    def unsupported(self, call: Call) -> ArmError:
        """405, as ARM refuses a method that a type does not know. Inferred (AZ-LOCAL-10): its code and words."""
        return gateway(
            405,
            "HttpMethodNotSupported",
            f"The requested resource does not support http method '{call.request.method}'.",
        )

    def new_record(self, call: Call, parent_id: str, document: dict[str, Any], **more: Any) -> Record:
        """A record for the resource of the call; its `id`, `name` and `type` lead the document."""
        id_ = child_id(parent_id, self.type, call.name)
        head = {"id": id_, "name": call.name, "type": self.type}
        return Record(
            call.route.key, self.key_type, call.route.parent, id_, call.name, {**head, **document}, **more
        )


def child_id(parent_id: str, type_: str, name: str) -> str:
    """The id of a resource in Azure's casing; `parent_id` is the id of the scope or resource it lies in."""
    namespace, _, types = type_.partition("/")
    if "/" in types:
        return f"{parent_id}/{types.rsplit('/', 1)[1]}/{name}"
    return f"{parent_id}/providers/{namespace}/{types}/{name}"


def _spelled(type_: str, names: str) -> str:
    namespace, _, types = type_.partition("/")
    pairs = [f"{part}/{name}" for part, name in zip(types.split("/"), names.split("/"), strict=False)]
    return "/".join((namespace, *pairs))


def action(verb: str, path: str) -> Callable[[Handler], Handler]:
    """Marks a method as what answers `verb` on a resource's path followed by `path`."""

    def mark(handler: Handler) -> Handler:
        known = getattr(handler, "arm_actions", ())
        handler.arm_actions = (*known, (verb, path.lower()))  # type: ignore[attr-defined]  # a mark that handlers have
        return handler

    return mark
