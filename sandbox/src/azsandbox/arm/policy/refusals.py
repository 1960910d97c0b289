"""How the provider of policies refuses what is sent to it.

Codes, and where they are in quotation marks the words, are recorded (AZ-POLICY-10); the words of all others are
like these (AZ-LOCAL-2).
"""

from __future__ import annotations

from azsandbox.arm.errors import ArmError, gateway


def not_found(word: str, name: str) -> ArmError:
    """404 for a `PolicyDefinition`, `PolicySetDefinition`, `PolicyAssignment`, `PolicyExemption` (AZ-ABSENT-8)."""
    return gateway(404, f"{word}NotFound", f"The {_spoken(word)} '{name}' could not be found.")


def invalid(word: str, name: str, why: str) -> ArmError:
    """400 for a body: "The policy set definition 'x' create request is invalid. At least one …"."""
    text = f"The {_spoken(word)} '{name}' create request is invalid. {why}"
    return gateway(400, f"InvalidCreate{word}Request", text)


def too_long(word: str, name: str, most: int) -> ArmError:
    """400 for a name: "The policy assignment name 'x' is invalid. The … length must not exceed '24' …"."""
    spoken = _spoken(word)
    text = f"The {spoken} name '{name}' is invalid. The {spoken} name length must not exceed '{most}' characters."
    return gateway(400, f"Invalid{word}Name", text)


def refused(code: str, text: str) -> ArmError:
    """400 with a code of the provider."""
    return gateway(400, code, text)


def in_use(word: str, name: str, by: str, id_: str) -> ArmError:
    """400 for the deletion of what is referred to: "cannot be deleted. It is referenced by …"."""
    text = f"The {_spoken(word)} '{name}' cannot be deleted. It is referenced by the {by} '{id_}'."
    return gateway(400, f"InvalidDelete{word}Request", text)


def at_tenant() -> ArmError:
    """404 for a write at the root, where Microsoft's own are."""
    text = "The request did not have a subscription or a valid tenant level resource provider."
    return gateway(404, "MissingSubscription", text)


def unbuilt(what: str) -> ArmError:
    """501 for what Azure has and the sandbox has not; nothing of the call was done."""
    return gateway(501, "NotImplemented", f"Azure knows {what}; the local Azure has not built it.")


def _spoken(word: str) -> str:
    return "".join(f" {each.lower()}" if each.isupper() else each for each in word).strip()
