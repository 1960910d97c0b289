"""What a kind declares of its ARM type."""

from __future__ import annotations

from typing import ClassVar


class Declared:
    """`type` is the type as ids spell it, `key_type` in lower case as paths do."""

    type: ClassVar[str]
    path_type: ClassVar[str] = ""  # where paths spell the type differently from answers
    api_versions: ClassVar[tuple[str, ...]] = ()  # the oldest first, of a type that `data/apiversions.json` lacks
    case_sensitive: ClassVar[bool] = False
    tracked: ClassVar[bool] = False  # listed among the resources of its group
    gone_with_workspace: ClassVar[bool] = False  # even where the workspace may be recovered
    implied: ClassVar[bool] = False  # what lies in it may be asked for though it is missing
    rights_type: ClassVar[str] = ""  # where the actions of roles spell the type differently
    open_to_all: ClassVar[bool] = False  # no role is asked for
    lists_what_is_seen: ClassVar[bool] = False  # a list holds what the caller may read, and is never refused
    page_size: ClassVar[int] = 1000
    headers: ClassVar[dict[str, str]] = {}  # on every answer of the kind
    obeys: ClassVar[frozenset[str]] = frozenset()  # query parameters of its changes, in lower case
    own_rate: ClassVar[str] = ""  # of writes, where they are counted apart
    actions: ClassVar[dict[tuple[str, str], str]] = {}  # by verb and path: the method that answers

    def __init__(self) -> None:
        self.key_type = (self.path_type or self.type).lower()
