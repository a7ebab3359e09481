"""Every property is tried on the same examples each time, however slow or busy the machine."""

import os

from hypothesis import settings

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does, before torch is loaded
if together := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):  # processes of tests, which share the cores
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // together))

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")
