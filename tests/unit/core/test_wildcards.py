"""What is left of wildcards is decided as the patterns themselves would decide it, one text at a time."""

from __future__ import annotations

import itertools
import time
from fnmatch import fnmatchcase

from hypothesis import given, settings
from hypothesis import strategies as st

from amlmigrate.core.wildcards import left_over

PATTERNS = st.lists(st.text(alphabet="ab*", min_size=1, max_size=5), max_size=3).map(tuple)
# As long as is needed to tell such patterns apart, and a sign that none of them names.
TEXTS = ["".join(signs) for length in range(7) for signs in itertools.product("abx", repeat=length)]


@settings(max_examples=150, deadline=None)
@given(PATTERNS, PATTERNS, PATTERNS)
def test_it_is_what_trying_every_text_comes_to(
    wanted: tuple[str, ...], granted: tuple[str, ...], taken: tuple[str, ...]
) -> None:
    def among(text: str, patterns: tuple[str, ...]) -> bool:
        return any(fnmatchcase(text, pattern) for pattern in patterns)

    found = left_over(wanted, granted, taken)
    there = [text for text in TEXTS if among(text, wanted) and among(text, granted) and not among(text, taken)]
    if found is None:
        assert not there
    else:
        assert among(found, wanted) and among(found, granted) and not among(found, taken)


def test_what_would_take_too_long_is_not_known_to_be_nothing() -> None:
    hard = tuple("*" + "*".join(letters) + "*c" for letters in itertools.permutations("abcdefgh", 6))[:400]
    assert left_over(("*/write",), ("*",), (*hard, "*x/write")) not in (None, "?")
    start = time.process_time()
    # Nothing is left, as a reader sees; to say so every way has to be gone.
    assert left_over(("*/write",), ("*",), (*hard, "*/write")) == "?"
    assert time.process_time() - start < 30
