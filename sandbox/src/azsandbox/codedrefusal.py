"""What is refused with a code and words: whoever answers says it in the form of the service."""

from __future__ import annotations


class CodedRefusal(Exception):
    """A refusal: its code and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message
