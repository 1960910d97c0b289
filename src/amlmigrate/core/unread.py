"""Why a file that somebody named cannot be read, in words that say what to look at."""

from __future__ import annotations


def why(error: OSError | ValueError) -> str:
    """After a colon, without a full stop."""
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "it is a folder, and not a file"
        case NotADirectoryError():
            return "a part of its path is a file, and not a folder"
        case PermissionError():
            return "this user may not read it"
        case OSError():
            return error.strerror or type(error).__name__
    return "it is not text in UTF-8"
