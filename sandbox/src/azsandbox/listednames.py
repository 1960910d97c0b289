"""Names in lists of blobs: read and written, also where XML cannot hold them (as in `node/names.js`)."""

from __future__ import annotations

from urllib.parse import quote, unquote
from xml.etree import ElementTree


def name_of(element: ElementTree.Element | None) -> str:
    """The text of a name, which is percent-encoded where XML could not hold it."""
    text = (element.text or "") if element is not None else ""
    return unquote(text) if element is not None and element.get("Encoded") == "true" else text


def named(tag: str, name: str) -> ElementTree.Element:
    """An element with a name, which is percent-encoded where XML cannot hold it."""
    element = ElementTree.Element(tag)
    shown = ElementTree.SubElement(element, "Name")
    shown.text = name
    if not {"\ufffe", "\uffff"}.isdisjoint(name):
        shown.text = quote(name)
        shown.set("Encoded", "true")
    return element
