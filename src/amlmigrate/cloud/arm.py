"""Azure Resource Manager: raw documents through a pipeline of azure-core, with ARM's own way to sign in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from azure.core import AsyncPipelineClient
from azure.core.pipeline import policies
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.mgmt.core.policies import ARMHttpLoggingPolicy, AsyncARMChallengeAuthenticationPolicy

from amlmigrate.cloud import absence, declared
from amlmigrate.cloud.calling import Caller
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import ServiceError, of_answer, without_query
from amlmigrate.cloud.fence import Fence
from amlmigrate.cloud.lists import Pages
from amlmigrate.cloud.operations import Ending, Operation
from amlmigrate.cloud.pacing import Bucket, Pacer
from amlmigrate.cloud.polling import Poller, Reply
from amlmigrate.cloud.retrying import ready
from amlmigrate.cloud.servicetime import ServiceClock
from amlmigrate.cloud.transport import Transport
from amlmigrate.cloud.twice import HARMLESS, Twice
from amlmigrate.core.armid import ArmId
from amlmigrate.core.clock import Pace
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import RefusedError

# 2025-12-01 for Azure ML unless a kind says another; the others as their providers' stable versions.
API_VERSIONS = {
    "microsoft.machinelearningservices": "2025-12-01",
    # 2025-06-01 is the first stable one that has the IPv6 rules of a firewall (AZ-RIGHT-34). For what is beside
    # accounts, as those that were deleted, Microsoft's descriptions of types end with 2024-01-01.
    "microsoft.storage/storageaccounts": "2025-06-01",
    "microsoft.storage": "2024-01-01",
    "microsoft.keyvault": "2023-07-01",
    "microsoft.authorization/policyassignments": "2025-03-01",
    "microsoft.authorization/policydefinitions": "2025-03-01",
    "microsoft.authorization/policysetdefinitions": "2025-03-01",
    "microsoft.authorization/policyexemptions": "2022-07-01-preview",
    # learn.microsoft.com/rest/api/authorization: PIM's collections have one stable version, deny assignments this.
    "microsoft.authorization/roleassignmentscheduleinstances": "2020-10-01",
    "microsoft.authorization/roleeligibilityscheduleinstances": "2020-10-01",
    "microsoft.authorization/roleassignmentschedules": "2020-10-01",
    "microsoft.authorization/roleeligibilityschedules": "2020-10-01",
    "microsoft.authorization/rolemanagementpolicyassignments": "2020-10-01",
    "microsoft.authorization/denyassignments": "2022-04-01",
    "microsoft.authorization": "2022-04-01",
    "microsoft.managedidentity": "2023-01-31",
    "microsoft.containerregistry": "2023-07-01",
    "microsoft.alertsmanagement": "2019-03-01",
    "microsoft.alertsmanagement/actionrules": "2021-08-08",
    "microsoft.insights": "2020-02-02",
    "microsoft.insights/diagnosticsettings": "2021-05-01-preview",
    # Each type has a stable version of its own (Azure/bicep-types-az).
    "microsoft.insights/actiongroups": "2023-01-01",
    "microsoft.insights/activitylogalerts": "2020-10-01",
    "microsoft.insights/metricalerts": "2018-03-01",
    "microsoft.insights/scheduledqueryrules": "2023-12-01",
    # The one version of the activity log (azure-rest-api-specs, activityLogs_API.json).
    "microsoft.insights/eventtypes": "2015-04-01",
    "microsoft.management": "2020-05-01",
    "microsoft.resources/tags": "2021-04-01",
    "microsoft.operationalinsights": "2023-09-01",
    "microsoft.network": "2024-05-01",
    "microsoft.costmanagement": "2023-11-01",
    # From 2023-03-01 on an evaluation tells its effect (azure-rest-api-specs, checkPolicyRestrictions).
    "microsoft.policyinsights": "2024-10-01",
    "": "2022-09-01",
}
NO_QUERY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names without regard to case) and the decoded body (None when empty)."""

    status: int
    headers: Any
    body: Any
    # Whether an attempt before this answer may have been served.
    doubtful: bool = False


def api_version(path: str) -> str:
    """The api-version for a path, by the innermost provider that it names."""
    id_ = ArmId.at(path)
    named = id_.type.split("/") if id_.types else []
    known = ("/".join(named[:depth]) for depth in range(len(named), 0, -1))
    versions = (declared.version(type_) or API_VERSIONS.get(type_) for type_ in known)
    return next(filter(None, versions), API_VERSIONS[""])


@dataclass(frozen=True, slots=True)
class _Lane:
    """A token of a bucket first, then one of the places that all calls share."""

    bucket: Bucket
    places: asyncio.Semaphore

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        async with self.bucket.turn(), self.places:
            yield

    def failed(self, error: ServiceError) -> None:
        self.bucket.failed(error)


class Arm:
    """One principal's way to ARM. Each method is one call, paced and retried."""

    def __init__(
        self,
        login: Login,
        credential: Credential,
        pacer: Pacer,
        fence: Fence | None = None,
        *,
        parallel: int = 24,
        pace: Pace | None = None,
    ) -> None:
        self._endpoint = login.endpoints.arm
        self._ml_suffix = login.endpoints.ml_suffix
        self._pacer = pacer
        self._places = asyncio.Semaphore(parallel)
        self.service_clock = ServiceClock()
        self.poller = Poller(self, pace)
        # Those of Azure's management clients but for one, which registers a provider that a subscription lacks: a
        # GET would change what nobody has recorded.
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            "",
            transport=Transport(credential, fence),
            policies=[
                policies.RequestIdPolicy(),
                policies.UserAgentPolicy("aml-cmk-migrate"),
                policies.ContentDecodePolicy(),
                policies.AsyncRedirectPolicy(),
                AsyncARMChallengeAuthenticationPolicy(credential, f"{self._endpoint}/.default"),
                policies.SensitiveHeaderCleanupPolicy(),
                ARMHttpLoggingPolicy(),
            ],
        )

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.close()

    async def get(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Document | None:
        """A document; None where its front end says that it is not there (`absence`), and for nothing else."""
        try:
            answer = await self.call("GET", path, query=query)
        except ServiceError as error:
            if await self.absent(error, path):
                return None
            raise
        if not isinstance(answer.body, dict):
            raise ServiceError(
                answer.status, "NotADocument", "the answer is not a document", method="GET", url=path
            )
        return answer.body

    async def absent(self, error: ServiceError, path: str) -> bool:
        """Whether an answer shows that the resource of that path is not there; a second call may decide it.

        Raises ServiceError and OutOfReachError where that call fails.
        """
        asked, verdict = ArmId.at(path), absence.judged(error, path)
        if verdict is absence.AbsenceVerdict.BY_LIST:
            return not await self._lists(asked.collection, asked.names[-1])
        if verdict is absence.AbsenceVerdict.BY_GROUP:
            return await self.lacks_group(asked)
        if verdict is absence.AbsenceVerdict.BY_PARENT:
            return await self.get(str(asked.parent)) is None
        return verdict is absence.AbsenceVerdict.ABSENT

    async def lacks_group(self, asked: ArmId) -> bool:
        """Whether the subscription's list of resource groups lacks that of a resource."""
        groups = f"{asked.subscription_id}/resourcegroups"
        return not await self._lists(groups, asked.group, exact=False)

    async def _lists(self, collection: str, name: str, *, exact: bool = True) -> bool:
        """Whether a list has an item of that name. A list of what is not there itself has none."""
        query = absence.whole(collection)
        try:
            names = [str(item.get("name")) async for item in self.pages(collection, query)]
        except ServiceError as error:
            if await self.absent(error, ArmId.at(collection).collection):
                return False
            raise
        return name in names if exact else name.lower() in {each.lower() for each in names}

    async def pages(self, path: str, query: Mapping[str, str] = NO_QUERY) -> AsyncIterator[Document]:
        """Every item of a collection; `nextLink` is followed unchanged (AZ-LIST-1).

        Raises ListError for a 200 that is no list, as from a proxy in between, for one that goes in circles, and
        for one that is not whole.
        """
        pages = Pages(self._url(path, query))
        link: str | None = path
        while link:
            answer = await self.call("GET", link, query=query if link == path else NO_QUERY)
            for item in pages.items(answer.status, answer.body):
                yield item
            link = pages.following(answer.status, answer.body)

    async def put(self, path: str, body: Document, query: Mapping[str, str] = NO_QUERY) -> Answer:
        """Creates or replaces."""
        return await self.call("PUT", path, body, query=query)

    async def post(self, path: str, body: Document | None = None, query: Mapping[str, str] = NO_QUERY) -> Document:
        """An action that changes nothing, as one that lists secrets or checks a name."""
        found: Document = (await self.call("POST", path, body, query=query, twice=HARMLESS)).body or {}
        return found

    async def delete(self, path: str, query: Mapping[str, str] = NO_QUERY) -> None:
        """Deletes and waits until it is done; nothing happens when it is not there."""
        try:
            answer = await self.call("DELETE", path, query=query)
        except ServiceError as error:
            if await self.absent(error, path):
                return
            raise
        if answer.status == 202 and Operation.of(answer.status, answer.headers) is None:
            # Accepted, and nothing will say how it ended but its absence.
            await self.poller.gone(path)
        await self.finish(answer, path)

    async def finish(self, answer: Answer, path: str) -> None:
        """Waits for the long-running operation of an answer, if it names one. Raises like `Poller.finish`."""
        operation = Operation.of(answer.status, answer.headers)
        if operation is not None:
            await self.poller.finish(operation, path)

    async def poll(self, operation: Operation) -> tuple[Ending, Reply]:
        """One look at an operation, and its answer. Raises ServiceError, as 404 once its address is forgotten."""
        return await self.poller.look(operation)

    async def call(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        *,
        query: Mapping[str, str] = NO_QUERY,
        twice: Twice[object] | None = None,
        first: Callable[[], Awaitable[object]] = ready,
    ) -> Answer:
        """One call of ARM, as `Caller.call`. Raises ServiceError for every answer of 400 and above."""
        url = self._url(path, query)
        subscription = ArmId.at(url).subscription
        bucket = self._pacer.bucket(subscription, method)
        answer, doubtful = await Caller(_Lane(bucket, self._places)).made(
            method, url, lambda: self._once(bucket, method, url, body), twice=twice, first=first
        )
        return replace(answer, doubtful=True) if doubtful else answer

    async def _once(self, bucket: Bucket, method: str, url: str, body: Document | None) -> Answer:
        answer = await self._send(method, url, body)
        self._pacer.learn(bucket, answer.headers, method)
        if answer.status < 400:
            self.service_clock.learn(answer.headers)
            return answer
        raise of_answer(answer.status, answer.headers, answer.body, method=method, url=url)

    async def _send(self, method: str, url: str, body: Document | None) -> Answer:
        request = HttpRequest(method, url, json=body) if body is not None else HttpRequest(method, url)
        response: AsyncHttpResponse = await self._client.send_request(request)
        return Answer(response.status_code, response.headers, _body(response, method, url))

    def serves(self, host: str) -> bool:
        """Whether a host is one of Azure ML's own in a region, which take the same token (azureml-mlflow 1.62)."""
        return host.endswith(f".{self._ml_suffix}")

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        if path.startswith("https://"):
            return self._own(path)
        parts = urlsplit(path)
        # Of a file that somebody else made it may be anything: what does not begin so goes on with the host.
        if parts.path and not parts.path.startswith("/"):
            raise _foreign(path)
        wanted = {"api-version": api_version(parts.path), **dict(parse_qsl(parts.query)), **query}
        return f"{self._endpoint}{parts.path}?{urlencode(wanted)}"

    def _own(self, link: str) -> str:
        """A link of an answer, or the recorded address of an operation, as it is. Raises RefusedError.

        Those of every recording lead to the endpoint itself (AZ-ARM-3). Inferred (AZ-ARM-4): a host below it is a
        region of it.
        """
        host, own = urlsplit(link).hostname or "", urlsplit(self._endpoint).hostname or ""
        if host == own or host.endswith(f".{own}") or self.serves(host):
            return link
        raise _foreign(link)


def _foreign(url: str) -> RefusedError:
    return RefusedError(
        "A link leads away from Azure Resource Manager: its token is not sent there.",
        address=without_query(url),
        remedy="Look at where it comes from: an answer that a proxy changed, or an edited ledger.",
    )


def _body(response: AsyncHttpResponse, method: str, url: str) -> Any:
    """What an answer holds. Raises ServiceError `NotJson` for a page that calls itself a success: not Azure's."""
    if not response.content:
        return None
    try:
        return _text(response, response.json(), method, url)
    except ValueError:
        if response.status_code < 400:
            text = "the answer is not valid JSON: something between here and Azure gave it"
            raise ServiceError(
                response.status_code, "NotJson", text, method=method, url=without_query(url)
            ) from None
        return {"error": {"code": str(response.status_code), "message": response.text()[:500]}}


def _text(response: AsyncHttpResponse, found: Any, method: str, url: str) -> Any:
    """An answer of whole characters: JSON can escape half of one, which no file, ledger or document can hold.

    Raises ServiceError `NotText` for one that would have to be moved; what an error says keeps a sign in its
    place.
    """
    if b"\\ud" not in response.content.lower():
        return found
    text = json.dumps(found, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        if response.status_code < 400:
            told = "the answer holds half of a character (a lone surrogate), which cannot be kept"
            raise ServiceError(
                response.status_code, "NotText", told, method=method, url=without_query(url)
            ) from None
        return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return found
