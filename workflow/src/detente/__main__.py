"""`python -m detente`."""

import sys

from detente.base.standby import handed_over

if (status := handed_over(sys.argv[1:])) is None:
    from detente.cli import main

    status = main()
sys.exit(status)
