"""The networks of a workspace's own document: who gets in and what gets out, of two the stricter.

Two members name addresses that get in, `ipAllowlist` and `networkAcls`. Which of them counts where both are set is
in no description. So each of the target's is held against the same member of the source, or against the other one
where the source has that alone; no address counts as kept out because of the second.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

from amlmigrate.core.documents import Document
from amlmigrate.core.pointers import member
from amlmigrate.kinds._settings import Both, SettingVerdict, keyed, same

Found = tuple[SettingVerdict, str] | None
_ACLS = ("properties", "networkAcls")
_ALLOWED = ("properties", "ipAllowlist")
_MODE = ("properties", "managedNetwork", "isolationMode")
_APPROVED = "allowonlyapprovedoutbound"


def closed(document: Document) -> bool:
    """Whether no public network gets in."""
    return _word(member(document, ("properties", "publicNetworkAccess"))) == "disabled"


def _word(value: Any) -> str:
    return str(value or "").lower()


def _denies(document: Document) -> bool:
    return _word(member(document, (*_ACLS, "defaultAction"))) == "deny"


def _restricted(document: Document) -> bool:
    """Whether chosen addresses of public networks alone get in, or none."""
    return closed(document) or bool(member(document, _ALLOWED)) or _denies(document)


def addresses(source: Any, target: Any, both: Both) -> Found:
    """`ipAllowlist`: addresses that get in; without any, and without rules, all do."""
    if _no_matter(both):
        return None
    if not _restricted(both.target):
        return (SettingVerdict.OPENED, "") if source else None
    return _wider(source or member(both.source, (*_ACLS, "ipRules")), target)


def rules_in(source: Any, target: Any, both: Both) -> Found:
    """`networkAcls`: rules of what gets in; they count where all else is denied."""
    if _no_matter(both):
        return None
    if not _restricted(both.target):
        return (SettingVerdict.OPENED, "") if _denies(both.source) else None
    if not _denies(both.target):
        return (SettingVerdict.UNKNOWN, "all else is not denied") if _denies(both.source) else None
    left, right = source or {}, target or {}
    kept = left.get("ipRules") if _denies(both.source) else member(both.source, _ALLOWED)
    return (
        _wider(kept, right.get("ipRules"))
        or _more(left.get("resourceAccessRules"), right.get("resourceAccessRules"))
        or _others(left, right)
    )


def _no_matter(both: Both) -> bool:
    """Whether addresses decide nothing: a side is closed, which is judged by itself, or all get in already."""
    return closed(both.target) or closed(both.source) or not _restricted(both.source)


def _wider(source: Any, target: Any) -> Found:
    """What the target lets in and the source does not, whatever way either writes its ranges."""
    whole = list(_ranges(source))
    more = [text for text in map(_address, target or ()) if not _within(text, whole, source)]
    return (SettingVerdict.WEAKER, f"it lets in {', '.join(sorted(more))} too") if more else None


def _address(item: Any) -> str:
    """An item of either list: the address or range in it; of one that says more, all that it says."""
    if isinstance(item, dict) and set(item) == {"value"}:
        item = item["value"]
    return item if isinstance(item, str) else keyed(item)


def _ranges(items: Any) -> Iterable[IPv4Network | IPv6Network]:
    known = [one for one in map(_range, map(_address, items or ())) if one]
    yield from collapse_addresses(one for one in known if isinstance(one, IPv4Network))
    yield from collapse_addresses(one for one in known if isinstance(one, IPv6Network))


def _range(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _within(text: str, whole: list[IPv4Network | IPv6Network], source: Any) -> bool:
    found = _range(text)
    if found is None:
        return text in map(_address, source or ())
    if isinstance(found, IPv4Network):
        return any(found.subnet_of(one) for one in whole if isinstance(one, IPv4Network))
    return any(found.subnet_of(one) for one in whole if isinstance(one, IPv6Network))


def _more(source: Any, target: Any) -> Found:
    more = {keyed(one) for one in target or ()} - {keyed(one) for one in source or ()}
    return (SettingVerdict.WEAKER, f"it lets in {', '.join(sorted(more))} too") if more else None


def _others(source: Document, target: Document) -> Found:
    """Members that nobody has judged."""
    names = source.keys() | target.keys()
    judged = {"defaultAction", "ipRules", "resourceAccessRules"}
    other = sorted(name for name in names - judged if not same(source.get(name), target.get(name)))
    return (SettingVerdict.UNKNOWN, ", ".join(other)) if other else None


def outbound(source: Any, target: Any, both: Both) -> Found:
    """Rules of what gets out: of those that the target lacks each is an item of its own (`outboundRules/…`).

    With all of the internet allowed a rule lets nothing more out. Who makes a rule may write any category: of one
    that is said to be the service's own, and is not in the source, a person is told.
    """
    left, right = of_users(source), of_users(target)
    modes = [_word(member(side, _MODE)) for side in (both.source, both.target)]
    if modes[1] != _APPROVED or modes[0] != _APPROVED:
        changed = [name for name in left.keys() & right.keys() if left[name] != right[name]]
        return (SettingVerdict.UNKNOWN, f"other: {', '.join(sorted(changed))}") if changed else None
    if more := [name for name, rule in right.items() if rule not in left.values()]:
        return SettingVerdict.WEAKER, f"it lets out by {', '.join(sorted(more))} too"
    known = {rule for _, rule, _ in _each(source)}
    own = sorted(name for name, rule, type_ in _each(target) if rule not in known and type_ != "privateendpoint")
    return (SettingVerdict.DIFFERS, f"it lets out by {', '.join(own)} too") if own else None


def of_users(rules: Any) -> dict[str, str]:
    """Name to what it allows, of the rules that are not said to be the service's own."""
    return {
        name: rule for name, rule, _ in _each(rules) if _word(rules[name].get("category")) in ("", "userdefined")
    }


def _each(rules: Any) -> Iterable[tuple[str, str, str]]:
    """Of each rule its name, what it allows, without what the service says of it, and its type."""
    for name, rule in (rules or {}).items():
        if isinstance(rule, dict):
            allows = {key: rule.get(key) for key in ("type", "destination", "fqdns")}
            if isinstance(allows["destination"], str):
                # A host's name, which has no case.
                allows["destination"] = allows["destination"].lower()
            yield name, keyed(allows), _word(rule.get("type"))
