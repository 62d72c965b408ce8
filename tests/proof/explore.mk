# SPDX-License-Identifier: MIT
# Every interleaving of the pool's own code.
