# SPDX-License-Identifier: MIT
# Other users.
