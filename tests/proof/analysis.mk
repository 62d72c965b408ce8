# SPDX-License-Identifier: MIT
# The tests under sanitizers and valgrind, and what analyzers say.
