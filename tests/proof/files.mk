# SPDX-License-Identifier: MIT
# A pool file that others damage, and limits.
