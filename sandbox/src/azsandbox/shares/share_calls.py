"""Operations on shares, and the list of them."""

from __future__ import annotations

from azsandbox.calls import Answer
from azsandbox.shares import times
from azsandbox.shares.errors import ShareError, bad_header
from azsandbox.shares.index import Share
from azsandbox.shares.listing import OF_SHARES, Page, shares_document, xml
from azsandbox.shares.task import Operations, Task, answer, shown

_QUOTAS = range(1, 102_401)


async def _list(task: Task) -> Answer:
    page = Page.of(task.call, OF_SHARES)
    # The service's marker is the path of the share that is next: `/account/share`.
    start = page.marker.removeprefix(f"/{task.place.account}/")
    found = task.store.index.shares(task.place.account, page.prefix, start, page.size + 1)
    return xml(shares_document(task.call, page, found))


async def _create(task: Task) -> Answer:
    place = task.place
    if task.store.index.share(place.account, place.share) is not None:
        raise ShareError("ShareAlreadyExists")
    share = Share(place.account, place.share, times.tick(), metadata=task.metadata())
    _set_properties(task, share)
    task.store.index.put_share(share)
    return answer(201, _changed(share))


def _set_properties(task: Task, share: Share) -> None:
    quota = task.header("x-ms-share-quota")
    if quota is not None:
        if not quota.isdigit() or int(quota) not in _QUOTAS:
            raise bad_header("x-ms-share-quota", quota)
        share.quota = int(quota)
    share.tier = task.header("x-ms-access-tier") or share.tier


def _changed(share: Share) -> dict[str, str]:
    return {"ETag": times.etag(share.changed), "Last-Modified": times.http_date(share.changed)}


async def _properties(task: Task) -> Answer:
    share = task.store.share(task.place)
    return answer(
        200,
        {
            **_changed(share),
            **shown(share.metadata),
            "x-ms-share-quota": str(share.quota),
            "x-ms-access-tier": share.tier,
            "x-ms-access-tier-change-time": times.http_date(share.changed),
            "x-ms-has-immutability-policy": "false",
            "x-ms-has-legal-hold": "false",
            "x-ms-lease-status": "unlocked",
            "x-ms-lease-state": "available",
        },
    )


async def _set(task: Task) -> Answer:
    share = task.store.share(task.place)
    _set_properties(task, share)
    return _put(task, share)


async def _set_metadata(task: Task) -> Answer:
    share = task.store.share(task.place)
    share.metadata = task.metadata()
    return _put(task, share)


def _put(task: Task, share: Share) -> Answer:
    share.changed = times.tick()
    task.store.index.put_share(share)
    return answer(200, _changed(share))


async def _delete(task: Task) -> Answer:
    share = task.store.share(task.place)
    task.store.delete_share(share.account, share.name)
    return answer(202, {})


ACCOUNT: Operations = {("GET", "list"): _list}
SHARE: Operations = {
    ("PUT", ""): _create,
    ("GET", ""): _properties,
    ("GET", "metadata"): _properties,
    ("PUT", "metadata"): _set_metadata,
    ("PUT", "properties"): _set,
    ("DELETE", ""): _delete,
}
