"""Operations as roles name them, with `*` for any characters: whether something is left of them. Pure.

Decided exactly, not by examples: the patterns are read as automata, side by side, a sign at a time.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# Of any sign that no pattern names there is one, which stands for all of them.
_OTHER = "\0"
# More than a role of hundreds of entries comes to; what is beyond that is not known to be nothing.
_MOST_STATES = 20_000
_UNKNOWN = "?"


class _Patterns:
    """Several patterns at once: a set of positions in them is the bits of a number."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.signs: dict[str, int] = {}
        self.begin = self.stars = self.ends = self.forever = 0
        bit = 1
        for pattern in patterns:
            text = re.sub(r"\*+", "*", pattern.lower())
            self.begin |= bit
            for sign in text:
                if sign == "*":
                    self.stars |= bit
                else:
                    self.signs[sign] = self.signs.get(sign, 0) | bit
                bit <<= 1
            self.forever |= bit >> 1 if text.endswith("*") else 0
            self.ends |= bit
            bit <<= 1
        self.begin = self._past_stars(self.begin)

    def _past_stars(self, at: int) -> int:
        """A star may stand for nothing."""
        return at | (at & self.stars) << 1

    def after(self, at: int, sign: str) -> int:
        """Where a sign leads from some positions."""
        return self._past_stars((at & self.signs.get(sign, 0)) << 1 | at & self.stars)


class _State(NamedTuple):
    wanted: int
    given: int
    taken: int


@lru_cache(maxsize=4096)
def left_over(wanted: tuple[str, ...], given: tuple[str, ...], taken: tuple[str, ...]) -> str | None:
    """One that is among those `wanted` and those `given` and not among those `taken`; None: there is none.

    Where that would take too long the answer is '?': it is not known that there is none.
    """
    want, give, take = _Patterns(wanted), _Patterns(given), _Patterns(taken)
    signs = [*sorted({*want.signs, *give.signs, *take.signs}), _OTHER]
    begin = _State(want.begin, give.begin, take.begin)
    came: dict[_State, tuple[_State, str] | None] = {begin: None}
    open_ = [begin]
    while open_:
        state = open_.pop()
        if state.wanted & want.ends and state.given & give.ends and not state.taken & take.ends:
            return _spelled(came, state)
        for sign in signs:
            following = _State(
                want.after(state.wanted, sign), give.after(state.given, sign), take.after(state.taken, sign)
            )
            lost = not following.wanted or not following.given or following.taken & take.forever
            if not lost and following not in came:
                came[following] = (state, sign)
                open_.append(following)
        if len(came) > _MOST_STATES:
            return _UNKNOWN
    return None


def _spelled(came: dict[_State, tuple[_State, str] | None], state: _State) -> str:
    signs: list[str] = []
    while step := came[state]:
        state, sign = step
        signs.append("·" if sign == _OTHER else sign)
    return "".join(reversed(signs))
