"""The transport of MLClient: tells what Azure answered to a read, whatever MLClient makes of it.

MLClient wraps what goes wrong as it pleases. Only what was answered on the way says whether an asset could not be
read since Azure did not give it, or since the client itself has no use for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from azure.core.pipeline.transport import RequestsTransport

from amlmigrate.cloud import retrying as retry
from amlmigrate.cloud.errors import OutOfReachError, of_answer, request_id, without_query
from amlmigrate.cloud.translating import by_itself, first_line
from amlmigrate.core.errors import MigrateError

_log = logging.getLogger(__name__)
Answered = Callable[[Any], None]


class SdkTransport(RequestsTransport):  # type: ignore[misc]  # its base has no types
    """azure-core's over requests, shared by all of MLClient's clients and threads.

    `answered` is told the headers of each answer, in the thread of the call.
    """

    def __init__(self, answered: Answered) -> None:
        super().__init__(connection_timeout=retry.CONNECT_SECONDS, read_timeout=retry.READ_SECONDS)
        self._answered = answered
        self._here = threading.local()
        # Once, before the threads: each would make a session of its own.
        self.open()

    def begin(self) -> None:
        """A read begins in this thread."""
        self._here.trouble, self._here.calls = None, 0

    @property
    def calls(self) -> int:
        """How many calls the read of this thread has made."""
        return int(self._here.calls)

    def send(self, request: Any, **options: Any) -> Any:
        """Sends a request, and keeps for this thread what came of it: nothing where it was answered well."""
        self._here.calls = getattr(self._here, "calls", 0) + 1
        url = without_query(request.url)
        try:
            answer = super().send(request, **options)
        except Exception as error:
            self._here.trouble = _no_answer(error, request.method, url)
            raise
        given = {"request_id": request_id(answer.headers)}
        _log.info("%s %s was answered %s", request.method, url, answer.status_code, extra=given)
        self._answered(answer.headers)
        good = answer.status_code < 400
        self._here.trouble = None if good else _refused(answer, request.method, url)
        return answer

    def reason(self, error: BaseException) -> MigrateError | None:
        """What Azure said, or that it said nothing, to the read that ended in this thread with that error.

        None where Azure gave what it was asked for, and the client itself failed.
        """
        trouble: MigrateError | None = self._here.trouble
        if trouble is not None:
            return trouble
        return by_itself(error, asked=self._here.calls > 0)


def _no_answer(error: Exception, method: str, url: str) -> MigrateError:
    return OutOfReachError(first_line(error) or type(error).__name__, method=method, url=url)


def _refused(answer: Any, method: str, url: str) -> MigrateError:
    try:
        body = answer.json()
    except Exception:  # noqa: BLE001 - a proxy's page, or one of a form that is not known: the status is what counts
        body = {}
    return of_answer(answer.status_code, answer.headers, body, method=method, url=url)
