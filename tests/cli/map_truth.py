# SPDX-License-Identifier: MIT
"""What there is, for the comparisons of map.py."""

# From the least telling to the most; with the beginning of their words for people.
KINDS = {
    "free": "free",
    "privileged": "free, for privileged programs (below 1024)",
    "ephemeral": "free, and the kernel may choose it (32768-60999)",
    "reserved": "free, not chosen by the kernel (ip_local_reserved_ports)",
    "held": "held by a reservation of yours",
    "held-other": "held by a reservation of others",
    "used": "in use, in a reservation of yours",
    "used-other": "in use, outside your reservations",
}
RANK = {kind: rank for rank, kind in enumerate(KINDS)}
wrong = []


class Unreadable(Exception):
    pass


def complain(*words):
    wrong.append(" ".join(str(word) for word in words))


class Truth:
    def __init__(self, path):
        self.kinds = {}
        self.first, self.last = 1, 65535
        self.protocols = ["tcp", "udp"]
        for protocol in self.protocols:
            kinds = ["free"] * 65536
            kinds[1:1024] = ["privileged"] * 1023
            kinds[32768:61000] = ["ephemeral"] * (61000 - 32768)
            self.kinds[protocol] = kinds
        with open(path, encoding="ascii") as lines:
            for words in map(str.split, lines):
                if words[0] == "range":
                    self.first, self.last = int(words[1]), int(words[2])
                elif words[0] == "protocols":
                    self.protocols = words[1:]
                else:
                    for port in range(int(words[2]), int(words[3]) + 1):
                        self.kinds[words[1]][port] = words[0]

    def telling(self, protocol, first, last):
        return max(self.kinds[protocol][first:last + 1], key=RANK.get)

    def count(self, protocol, kind, first=None, last=None):
        first = self.first if first is None else first
        last = self.last if last is None else last
        return self.kinds[protocol][first:last + 1].count(kind)


def kind_of(label):
    for kind, words in KINDS.items():
        if label == words:
            return kind
    complain("no such kind in the legend:", repr(label))
    return None
