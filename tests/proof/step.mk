# SPDX-License-Identifier: MIT
# Killed, and frozen, at every instruction.
