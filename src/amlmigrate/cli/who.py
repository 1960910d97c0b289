"""Who gives a command: what this machine says, and what the token says that is used anyway."""

from __future__ import annotations

import getpass
import os
import socket

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cloud.credentials import Credential, signed
from amlmigrate.core.authorship import By
from amlmigrate.core.tool import version


def local(shared: CommonOptions) -> By:
    """Who it is as far as this machine knows; nobody is asked to sign in."""
    return By(_user(), socket.gethostname(), version(), options=shared.options)


async def who(shared: CommonOptions, credential: Credential) -> By:
    """Who it is, by the claims of the token for ARM too: no call of its own after any other call to ARM."""
    return await signed(local(shared), credential)


def _user() -> str:
    """The name of the local user; in a container there may be none."""
    try:
        return getpass.getuser()
    # Up to Python 3.12 a user without a name is a KeyError, from 3.13 on an OSError.
    except (KeyError, OSError):
        return f"user id {os.getuid()}"
