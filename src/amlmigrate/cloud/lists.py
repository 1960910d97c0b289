"""Lists are not believed blindly: each page is looked at, no page comes twice, and all that was promised came."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

from amlmigrate.cloud.errors import ServiceError, without_query
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document

if TYPE_CHECKING:
    from azure.core.async_paging import AsyncItemPaged

T = TypeVar("T")
# A page may be empty where all of its items were left out. Inferred (AZ-LIST-5): not as many as
# these, one after the other.
_EMPTY_PAGES = 1000


class ListError(ServiceError):
    """An answer that calls itself a success and is no list, or not all of one: as it is it would hide things."""


@dataclass(slots=True)
class Pages:
    """The pages of one list of ARM. `url` is that of the first, as it is asked for."""

    url: str
    _empty: int = 0
    _asked: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)

    def items(self, status: int, body: Any) -> list[Document]:
        """The items of a page. Raises ListError for what is none, and where each of its items came before."""
        items = body.get("value") if isinstance(body, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self._error(status, "NotAList", "the answer is not a list")
        self._empty = 0 if items else self._empty + 1
        if self._empty > _EMPTY_PAGES:
            raise self._error(status, "ListInCircles", f"{self._empty} pages in a row hold nothing")
        new = {_key(item) for item in items} - self._seen
        if items and not new:
            raise self._error(status, "ListInCircles", "a page holds nothing but what came before")
        self._seen |= new
        return items

    def following(self, status: int, body: Document) -> str | None:
        """The link to the next page; None after the last, once as many came as the answer tells of.

        Raises ListError for a link that was followed before, for one that is none, and for too few.
        """
        link = body.get("nextLink")
        if not link:
            promised = _promised(body)
            if promised is not None and promised > len(self._seen):
                told = f"{len(self._seen)} of {promised} came"
                raise self._error(status, "ListCutShort", f"the list is not whole: {told}")
            return None
        if not isinstance(link, str) or not link.startswith(("https://", "/")) or link.startswith("//"):
            raise self._error(status, "NotAList", "its link to the next page is none")
        self._asked.add(self.url)
        if link in self._asked:
            raise self._error(status, "ListInCircles", "its link to the next page leads back")
        self._asked.add(link)
        return link

    def _error(self, status: int, code: str, message: str) -> ListError:
        return _error(self.url, code, message, status)


def check_item(item: Document, parent: str, url: str) -> None:
    """Raises ListError for an item without a name, and for one whose id is not below the collection.

    `parent` is the collection's path. In all four recorded lists each id is; ids compare without case.
    """
    if not isinstance(item.get("name"), str) or not item["name"]:
        raise _error(url, "NotAList", "an item of the list has no name")
    found, owner = ArmId.of(item.get("id")), ArmId.of(unquote(parent))
    if found.subscription and (found == owner or not found.within(owner)):
        raise _error(url, "ListOfAnother", f"the list holds what is not of it: {item['id']}")


async def whole(paged: AsyncItemPaged[T], url: str, *, storage: bool = True) -> list[T]:
    """Every item of a list of Azure's clients, which follow any marker or link; for storage's any XML is a list.

    Raises ListError for an answer that is none, for a marker that was followed before, for a link to another host.
    """
    pages: Any = paged.by_page()
    found: list[T] = []
    asked = {""}
    try:
        async for page in pages:
            found += [item async for item in page]
            # Of every listing of storage the answer names the service that it is of.
            if storage and not pages.service_endpoint:
                raise _error(url, "NotAList", "the answer is not a list")
            _check(str(pages.continuation_token or ""), url, asked)
    except (AttributeError, TypeError) as error:
        # The client looks for the members of a listing in whatever XML came.
        raise _error(url, "NotAList", "the answer is not a list") from error
    return found


def _check(marker: str, url: str, asked: set[str]) -> None:
    """Adds the marker of the next page, or the link to it, to those that were asked for."""
    if marker and marker in asked:
        raise _error(url, "ListInCircles", "its marker of the next page leads back")
    if "://" in marker:
        check_host(marker, url)
    asked.add(marker)


def check_host(link: str, url: str) -> None:
    """Raises ListError for a link to the next page of a list that leads to another host."""
    if urlsplit(link).hostname != urlsplit(url).hostname:
        raise _error(url, "LinkLeadsAway", "its link to the next page leads to another host, which gets no token")


def _error(url: str, code: str, message: str, status: int = 200) -> ListError:
    return ListError(status, code, message, method="GET", url=without_query(url))


def _key(item: Document) -> str:
    """By which an item is known again: its id, else all that it says."""
    return key_of(item["id"]) if item.get("id") else json.dumps(item, sort_keys=True)


def _promised(body: Document) -> int | None:
    """How many items an answer says that there are in all; None where it does not say.

    `count` is `{"type": "Total", "value": n}` in lists of subscriptions (as answered at 2020-01-01), others are
    what services say elsewhere. No description of Azure ML's lists or of storage's has any of them (AZ-LIST-6);
    the count within Azure ML's `$skipToken` is the token's own business (AZ-LIST-1).
    """
    count = body.get("count")
    if isinstance(count, dict) and str(count.get("type")).lower() == "total":
        count = count.get("value")
        return count if isinstance(count, int) else None
    found = next((body[name] for name in ("totalCount", "@odata.count") if name in body), None)
    return found if isinstance(found, int) else None
