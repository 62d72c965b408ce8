# SPDX-License-Identifier: MIT
# Many processes, and a judge who trusts only the kernel.
