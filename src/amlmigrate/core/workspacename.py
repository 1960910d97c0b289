"""How a user names a workspace: its ARM id, SUBSCRIPTION/GROUP/NAME, GROUP/NAME, or an address of the studio.

The subscription may be told by its name, which only Azure turns into an id: `cloud.subscriptions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from amlmigrate.core.armid import ArmId
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.names import is_guid, is_name

TYPE = "Microsoft.MachineLearningServices/workspaces"
# The studio in the three clouds, and the host to which azure-ai-ml links in China (AZ-WS-17).
_STUDIOS = frozenset({"ml.azure.com", "ml.azure.us", "studio.ml.azure.cn", "ml.azure.cn"})
# `wsid` is an ARM id, or the same without its provider (AZ-WS-17).
_IN_STUDIO = ("subscriptions", "resourcegroups", "workspaces")
_FORMS = "Write its ARM id, SUBSCRIPTION/GROUP/NAME, GROUP/NAME, or its address in the studio."


@dataclass(frozen=True, slots=True)
class WorkspaceName:
    """A workspace as it was named: `subscription` is an id or a name, `text` all that was typed."""

    subscription: str
    group: str
    name: str
    text: str

    @classmethod
    def parse(cls, text: str, default_subscription: str | None = None) -> WorkspaceName:
        """Reads any of the forms. Raises BadInputError.

        Group and name have to be names as they stand: what would lead elsewhere in a URL or a path is refused.
        """
        parts = _of_studio(text) or _of_id(text) or text.strip("/").split("/")
        if len(parts) == 2 and all(map(is_name, parts)) and not default_subscription:
            raise BadInputError(
                f"'{text}' names no subscription.",
                remedy="Write SUBSCRIPTION/GROUP/NAME or set AZURE_SUBSCRIPTION_ID.",
            )
        # `SUBSCRIPTION/GROUP/` is no group of that name.
        short = len(parts) == 2 and not is_guid(parts[0])
        if not (short or len(parts) == 3) or not parts[0].strip() or not all(map(is_name, parts[-2:])):
            raise BadInputError(f"'{text}' is not a workspace.", remedy=_FORMS)
        if len(parts) == 3:
            return cls(parts[0], parts[1], parts[2], text)
        if not is_guid(str(default_subscription)):
            raise no_subscription(f"'{default_subscription}' (AZURE_SUBSCRIPTION_ID)", text)
        return cls(str(default_subscription), parts[0], parts[1], text)

    @property
    def by_name(self) -> bool:
        """Whether the subscription is told by its name."""
        return not is_guid(self.subscription)


def no_subscription(what: str, text: str) -> BadInputError:
    """What a subscription comes to that is none."""
    return BadInputError(
        f"{what} is not a subscription.",
        address=text,
        remedy="Write its id, a GUID; `az account list --output table` shows those that you see.",
    )


def _of_id(text: str) -> list[str]:
    """The parts of an ARM id; none where the text is no id of a workspace."""
    id_ = ArmId("/" + text.removeprefix("/").removesuffix("/"))
    # In the group itself: what lies on another resource has the same type.
    if id_.type == TYPE.lower() and id_.whole and id_.group and id_.scope == id_.group_id:
        return [id_.subscription, id_.group, id_.name]
    return []


def _of_studio(text: str) -> list[str]:
    """The parts that an address of the studio names in `wsid`; none where the text is no such address."""
    try:
        url = urlsplit(text)
        host = (url.hostname or "").lower()
    except ValueError:
        return []
    named = parse_qs(url.query).get("wsid", ())
    if url.scheme != "https" or host not in _STUDIOS or len(named) != 1:
        return []
    return _of_id(named[0]) or _without_provider(named[0])


def _without_provider(text: str) -> list[str]:
    parts = text.strip("/").split("/")
    heads, names = parts[::2], parts[1::2]
    return names if tuple(map(str.lower, heads)) == _IN_STUDIO and len(names) == 3 and is_guid(names[0]) else []
