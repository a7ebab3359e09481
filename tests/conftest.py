"""Every property is tried on the same examples each time, however slow or busy the machine."""

import os

from hypothesis import settings

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does, before torch is loaded

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")
