"""One spelling for what Azure spells in several: ARM ids and addresses, in the form in which two are compared.

ARM does not tell ids apart by case; of Azure ML the names and versions of assets and jobs, and paths of bytes, are
told apart by it, the names of datastores are not (AZ-ARM-6, AZ-ARM-7).
"""

from __future__ import annotations

import re

from amlmigrate.core.armid import ArmId
from amlmigrate.core.kindnames import plain_name

_WORKSPACE = re.compile(
    r"^(?P<scheme>azureml:)?(?P<slashes>/{1,2})(?P<workspace>subscriptions/[^/]+/resourcegroups/[^/]+"
    r"/(?:providers/microsoft\.machinelearningservices/)?workspaces/[^/]+)(?P<tail>/.*)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_REGION = re.compile(
    r"^(?P<workspace>azureml://locations/[^/]+/workspaces/[^/]+)(?P<tail>/.*)?\Z", re.IGNORECASE | re.DOTALL
)
# No part of an id is empty: with two slashes it is the path of something else, which case may tell apart.
_NO_ID = re.compile(r"\s|//")
_TAIL = re.compile(r"^/(?P<kind>[^/]+)/(?P<name>[^/]+)(?P<rest>/.*)?\Z", re.DOTALL)
_VERSION = re.compile(r"^/(versions|labels|outputs|paths)(?=/|\Z)", re.IGNORECASE)
_HOST = re.compile(
    r"^(?P<scheme>https)://(?P<host>[A-Za-z0-9.-]+)(?::443)?(?P<rest>/.*)?\Z", re.IGNORECASE | re.DOTALL
)
_SHORT = re.compile(r"^azureml:/(?P<tail>/(?:datastores|jobs)/[^/]+(?:/.*)?)\Z", re.IGNORECASE | re.DOTALL)


def plain(text: str) -> str:
    """The one spelling of an ARM id or an address that is the whole of a text; any other text as it is."""
    if "/" not in text:
        return text
    if match := _WORKSPACE.match(text):
        # An ARM id comes back with `azureml:` before it, and without.
        start = f"azureml:{match['slashes']}" if len(match["slashes"]) == 2 else "/"
        return f"{start}{match['workspace'].lower()}{_tail(match['tail'] or '')}"
    if match := _REGION.match(text):
        return f"{match['workspace'].lower()}{_tail(match['tail'] or '')}"
    if match := _SHORT.match(text):
        return f"azureml:/{_tail(match['tail'])}"
    if match := _HOST.match(text):
        return f"https://{match['host'].lower()}{match['rest'] or ''}"
    id_ = ArmId.of(text)
    return id_.key if id_.subscription and not _NO_ID.search(text) else text


def plain_region(name: object) -> str:
    """The one spelling of a region: Azure has `westeurope` and `West Europe` for the same."""
    return str(name).replace(" ", "").lower()


def _tail(text: str) -> str:
    """What stands below a workspace: a kind, a name, and a version, an output or a path."""
    match = _TAIL.match(text)
    if not match:
        return text
    kind, rest = match["kind"].lower(), match["rest"] or ""
    rest = _VERSION.sub(lambda found: found[0].lower(), rest)
    return f"/{kind}/{plain_name(kind, match['name'])}{rest}"
