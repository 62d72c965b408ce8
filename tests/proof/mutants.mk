# SPDX-License-Identifier: MIT
# That the proofs fail where the code is wrong.
