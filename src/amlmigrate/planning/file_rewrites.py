"""The files among the bytes that name other places: what a plan writes of them anew, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Map
from dataclasses import replace

from amlmigrate.bytes.contents import anew, as_written, left_in, line_rewrites
from amlmigrate.bytes.tables import TableFindings
from amlmigrate.bytes.yamltext import NotYamlError, applied
from amlmigrate.core.asset import Asset, Blob, Content
from amlmigrate.core.few import few
from amlmigrate.core.file_rewrite import AnewFile
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping, Rewrite
from amlmigrate.core.workspace import Location


class FileAnew:
    """One such file: its lines that change, and its text in the target."""

    def __init__(self, content: Content, mapping: Mapping) -> None:
        self._content = content
        self._mapping = mapping
        # Why it cannot be written anew; it is then copied as it is, which is an error of the plan.
        self.why = ""
        try:
            made = anew(content.place.path, content.text, mapping)
        except NotYamlError as error:
            made, self.why = [], str(error)
        self.rewrites: tuple[Rewrite, ...] = line_rewrites(content.place.path, content.text, made)
        self.text = applied(content.text, made)

    @property
    def ours(self) -> bool:
        """Whether the move writes a file of its own: not in somebody else's account, or one of both sides."""
        return self._mapping.moves(self._content.place)


class FilesAnew:
    """All of them, by where they lie."""

    def __init__(self, assets: Iterable[Asset], whole: Map[Location, AnewFile], mapping: Mapping) -> None:
        self._whole = whole
        contents = {content.place: content for asset in assets for content in asset.contents}
        self._files = {place: FileAnew(content, mapping) for place, content in contents.items()}
        self._mapping = mapping

    def rewrites(self, place: Location) -> tuple[Rewrite, ...]:
        """The lines that change in the file at a place, unless it is written anew as a whole."""
        file = self._files.get(place)
        return file.rewrites if file and place not in self._whole else ()

    def whole(self, place: Location) -> AnewFile | None:
        """The file at a place as it is written anew as a whole; None for all others."""
        return self._whole.get(place)

    def expected(self, place: Location, blob: Blob) -> Blob:
        """The blob at a place as it is in the target."""
        if whole := self._whole.get(place):
            return replace(blob, length=whole.length, md5=whole.md5)
        file = self._files.get(place)
        return as_written(blob, file.text.encode()) if file and file.rewrites else blob

    def findings(self, asset: Asset) -> Iterable[Finding]:
        """What a reviewer must know of the files among an asset's bytes."""
        for content in asset.contents:
            file = self._files[content.place]
            if not file.ours:
                yield from self._elsewhere(asset, content, file)
            else:
                yield from self._left(asset, content.place, file)

    def _elsewhere(self, asset: Asset, content: Content, file: FileAnew) -> Iterable[Finding]:
        """It lies where this move writes nothing, and would go on naming the old workspace as it is."""
        try:
            left = left_in(content.place.path, content.text, self._mapping)
        except NotYamlError as error:
            file.why, left = str(error), TableFindings()
        named = [line.before.strip() for line in file.rewrites] or [f"'{value}'" for value in left.values]
        if file.why or named:
            yield _stays(asset, content.place, named or [file.why])
        if left.text:
            yield _told(asset, content.place, left.text)

    def _left(self, asset: Asset, place: Location, file: FileAnew) -> Iterable[Finding]:
        """What names the source when all is rewritten that can be."""
        try:
            left = left_in(place.path, file.text, self._mapping)
        except NotYamlError as error:
            file.why = file.why or str(error)
        else:
            file.why = file.why or few([f"'{value}'" for value in left.values])
            if left.text:
                yield _told(asset, place, left.text)
        if file.why:
            yield _keeps(asset, place, file.why)


def _stays(asset: Asset, place: Location, named: list[str]) -> Finding:
    return Finding(
        "error",
        str(asset.address),
        f"'{place.container}/{place.path}' in the account '{place.account}' names the old workspace, and is not"
        f" this move's to write: {few(named)}.",
        "Have it name its data by path or by a short datastore URI, or leave it out with --exclude.",
        code="file-names-source",
    )


def _keeps(asset: Asset, place: Location, why: str) -> Finding:
    return Finding(
        "error",
        str(asset.address),
        f"'{place.container}/{place.path}' would lead to the old workspace from the target: {why}.",
        "Write each address in it as one value of its own in the source and plan again, or leave the asset out"
        " with --exclude.",
        code="file-keeps-source",
    )


def _told(asset: Asset, place: Location, named: tuple[str, ...]) -> Finding:
    return Finding(
        "warning",
        str(asset.address),
        f"'{place.container}/{place.path}' names the old workspace in comments or literals, which stay:"
        f" {few(named)}.",
        "Nothing is needed for a comment; look whether a literal is compared with data that changes.",
        code="file-text-names-source",
    )
