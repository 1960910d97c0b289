"""`python -m azsandbox` is the console script."""

import sys

from azsandbox.cli import main

sys.exit(main())
