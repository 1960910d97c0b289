"""The request log has by which actions a request was let in: the caller's, and only those."""

from __future__ import annotations

from azsandbox import judged


def test_what_is_granted_to_the_caller_is_noted_and_nothing_else() -> None:
    with judged.noting("me") as noted:
        judged.granted("me", "A/b/read", data=False)
        judged.granted("me", "A/b/read", data=True)
        judged.granted("me", "A/a/read", data=False)
        # The identity of a resource, which is judged while a request is answered.
        judged.granted("its own", "A/keys/wrap/action", data=True)
    judged.granted("me", "A/later/read", data=False)
    assert noted.shown == {"actions": ["A/a/read", "A/b/read"], "data_actions": ["A/b/read"]}


def test_a_request_that_nobody_judged_has_none() -> None:
    with judged.noting("me") as noted:
        pass
    assert noted.shown == {}
