"""How many threads the numeric libraries use; imported before NumPy."""

import os
import platform

# These are read when NumPy is first imported, and give way to what the environment already says.

# A matrix product's last digit depends on the threads and the CPU kernel that OpenBLAS picks.
# Fixed, equal inputs give equal bytes on every x86 machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
if platform.machine().lower() in {"x86_64", "amd64"}:
    os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")

# OpenMP's threads spin while they wait for each other, so one whose core is busy with something
# else can slow boosting a hundredfold. Half of the cores are left for everything else.
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
