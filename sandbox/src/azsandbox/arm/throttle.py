"""ARM's token buckets per subscription, principal and kind of call; the headers that tell what remains."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from azsandbox.arm.errors import ArmError, gateway
from azsandbox.messages import Principal

# Bucket and refill a second since 2024 (AZ-PACE-1); all principals together have 15 times as much.
_RATES = {"reads": (250, 25.0), "writes": (200, 10.0), "deletes": (200, 10.0)}
_GLOBAL = 15
_OWN_LEFT = 24
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}  # everything else is a write, POST too


@dataclass(slots=True)
class _Bucket:
    """Tokens, when they were counted, and until when early comers are sent away again."""

    tokens: float
    counted: float
    blocked_until: float = 0.0

    def fill(self, size: int, refill: float, now: float) -> None:
        """Adds what has come in since."""
        self.tokens = min(float(size), self.tokens + (now - self.counted) * refill)
        self.counted = now


class Throttle:
    """Takes a token a call. `limits` is `real`, `off` or `xN`: N times the refill, the bucket as it is."""

    def __init__(self, limits: str, now: Callable[[], float]) -> None:
        self._now = now
        self._off = limits == "off"
        self._factor = factor_of(limits)
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def take(
        self, subscription: str, principal: Principal, method: str, own: str = "", *, seeding: bool = False
    ) -> dict[str, str]:
        """The rate headers of the answer. Raises ArmError 429 with `Retry-After`.

        `own` is the name of what a kind's writes are counted as instead (AZ-PACE-2); ours never run out.
        What fills the local Azure (`seeding`) takes no token: it makes a past, for which nobody had to wait here.
        """
        what = _KINDS.get(method, "writes")
        whose = subscription.lower() or principal.tenant_id
        left = _full(what) if seeding else self._left(whose, principal, what)
        scope = "subscription" if subscription else "tenant"
        if own and what == "writes":
            return {f"x-ms-ratelimit-remaining-{scope}-{own}": str(_OWN_LEFT)}
        headers = {f"x-ms-ratelimit-remaining-{scope}-{what}": str(left[0])}
        if subscription:
            headers[f"x-ms-ratelimit-remaining-{scope}-global-{what}"] = str(left[1])
        return headers

    def _left(self, whose: str, principal: Principal, what: str) -> tuple[int, int]:
        """Takes a token and says what is left, of the principal and of all. Raises ArmError 429."""
        size, refill = _RATES[what]
        if self._off:
            return _full(what)
        own = self._bucket((whose, principal.object_id, what), size, refill)
        shared = self._bucket((whose, "", what), size * _GLOBAL, refill * _GLOBAL)
        now = self._now()
        tightest, rate = (own, refill) if own.tokens <= shared.tokens else (shared, refill * _GLOBAL)
        if tightest.tokens < 1 or now < own.blocked_until:
            wait = max(1, math.ceil((1 - tightest.tokens) / (rate * self._factor)))
            # Coming back too early starts the wait anew (AZ-PACE-1).
            own.blocked_until = now + wait
            raise _throttled(whose, principal, what, wait)
        own.tokens -= 1
        shared.tokens -= 1
        return int(own.tokens), int(shared.tokens)

    def _bucket(self, key: tuple[str, str, str], size: int, refill: float) -> _Bucket:
        now = self._now()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(float(size), now)
        bucket.fill(size, refill * self._factor, now)
        return bucket


def _full(what: str) -> tuple[int, int]:
    """The numbers of an untouched bucket in the recordings: 249 and 3749."""
    size, _ = _RATES[what]
    return size - 1, size * _GLOBAL - 1


def factor_of(limits: str) -> float:
    """The factor on the refill. Raises ValueError for anything but `real`, `off` and `xN`."""
    if limits in ("real", "off"):
        return 1.0
    if limits.startswith("x"):
        factor = float(limits[1:])
        if factor > 0:
            return factor
    raise ValueError(f"limits must be real, off or xN, not {limits!r}")


def _throttled(whose: str, principal: Principal, what: str, wait: int) -> ArmError:
    # Code and text are ours (AZ-LOCAL-3).
    return gateway(
        429,
        "SubscriptionRequestsThrottled",
        f"Number of '{what}' requests for subscription '{whose}' actor '{principal.object_id}' exceeded. "
        f"Please try again after '{wait}' seconds after additional tokens are available. "
        "Refer to https://aka.ms/arm-throttling for additional information.",
        {"Retry-After": str(wait)},
    )
