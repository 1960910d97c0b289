"""The shares of all storage accounts: index and bytes together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from azsandbox.shares import times
from azsandbox.shares.contents import Contents
from azsandbox.shares.errors import ShareError
from azsandbox.shares.index import Entry, Index, Share
from azsandbox.shares.places import Place

_EVERY = 5000


class ShareStore:
    """Kept in one folder of the sandbox's state; for one process at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.index = Index(folder / "index.db")
        self.contents = Contents(folder / "files")

    def close(self) -> None:
        """Closes the index; the store is of no use afterwards."""
        self.index.close()

    def create_share(self, account: str, name: str) -> Share:
        """Makes a share; one that is there already stays as it is."""
        share = self.index.share(account, name) or Share(account, name, times.tick())
        self.index.put_share(share)
        return share

    def delete_share(self, account: str, name: str) -> None:
        """Removes a share with all that lies in it."""
        self.index.remove_share(account, name)
        self.contents.remove_share(account, name)

    def all_shares(self, account: str) -> list[Share]:
        """All shares of an account, by name."""
        found: list[Share] = []
        while page := self.index.shares(account, "", f"{found[-1].name}\0" if found else "", _EVERY):
            found += page
        return found

    def change_share(
        self,
        account: str,
        name: str,
        *,
        quota: int | None = None,
        tier: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Sets what is given. Raises Refused 404."""
        share = self.share(Place(account, name, ""))
        share.quota = share.quota if quota is None else quota
        share.tier = share.tier if tier is None else tier
        share.metadata = share.metadata if metadata is None else dict(metadata)
        share.changed = times.tick()
        self.index.put_share(share)

    def delete_account(self, account: str) -> None:
        """Removes all shares of an account."""
        for share in self.all_shares(account):
            self.delete_share(account, share.name)

    def share(self, place: Place) -> Share:
        """The share that a place is in. Raises Refused 404."""
        share = self.index.share(place.account, place.share)
        if share is None:
            raise ShareError("ShareNotFound")
        return share

    def find(self, place: Place) -> Entry | None:
        """What lies at a place. Raises Refused 404 where there is no such share or parent directory."""
        self.share(place)
        found = self.index.entry(place)
        if found is None and place.parent:
            self.parent_id(place)
        return found

    def parent_id(self, place: Place) -> int:
        """The id of the directory that a place is in; 0 is the root. Raises Refused 404."""
        if not place.parent:
            return 0
        parent = self.index.entry(Place(place.account, place.share, place.parent))
        if parent is None or not parent.directory:
            raise ShareError("ParentNotFound")
        return parent.id

    def path_of(self, place: Place) -> str:
        """The path for something new at a place: its directory spelled as it was made, its name as given."""
        parent = self.index.entry(Place(place.account, place.share, place.parent)) if place.parent else None
        return f"{parent.path}/{place.name}" if parent else place.name

    def remove(self, entry: Entry) -> None:
        """Removes a file, or a directory. Raises Refused 409 where something lies in it."""
        place = Place(entry.account, entry.share, entry.path)
        if entry.directory and self.index.children(place, "", "", 1):
            raise ShareError("DirectoryNotEmpty")
        self.index.remove(entry)
        self.contents.remove(entry)
