# SPDX-License-Identifier: MIT
"""The picture of portres map as a terminal shows it."""
import re

from map_truth import KINDS, Unreadable, complain


def cells_of(line, coloured):
    """The line as (character, foreground, background); None is the terminal's own."""
    cells, fore, back = [], None, None
    for escape, character in re.findall(r"\x1b\[([0-9;]*)m|([^\x1b\n])", line):
        if character:
            cells.append((character, fore, back))
            continue
        if not coloured:
            complain("an escape sequence:", escape)
        codes = [int(code or 0) for code in escape.split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                fore = back = None
            elif code in (38, 48):
                colour = (codes.pop(0), codes.pop(0))
                fore, back = (colour, back) if code == 38 else (fore, colour)
            elif code == 39:
                fore = None
            elif code == 49:
                back = None
            elif 30 <= code < 38 or 90 <= code < 98:
                fore = code
            elif 40 <= code < 48 or 100 <= code < 108:
                back = code - 10
    return cells


def text_of(cells):
    return "".join(cell[0] for cell in cells).rstrip()


class Screen:
    def __init__(self, truth, width, path, coloured):
        self.truth, self.coloured = truth, coloured
        with open(path, encoding="utf-8" if coloured else "ascii") as lines:
            self.lines = [cells_of(line, coloured) for line in lines]
        self.texts = [text_of(cells) for cells in self.lines]
        for text in self.texts:
            if len(text) > width:
                complain("wider than", width, ":", text)
        heading = " ".join(self.texts[:3])
        match = re.match(r"Ports? (\d+)(?:-(\d+))?; a (line is two rows of|row is) (\d+)(?:, "
                         r"a cell the most telling of (\d+) ports)?", heading)
        if not match:
            raise Unreadable("no heading: " + repr(heading))
        self.first, self.last = int(match[1]), int(match[2] or match[1])
        self.rows = 2 if coloured else 1
        self.row, self.cell = int(match[4]), int(match[5] or 1)
        if (match[3] != "row is") != coloured and self.last - self.first >= self.row:
            complain("rows in a line:", heading)
        self.seen = {protocol: {} for protocol in truth.protocols}

    def legend(self):
        at = max(i for i, text in enumerate(self.texts)
                 if re.fullmatch(r" +TCP( +UDP)?| +UDP", text))
        self.signs = {}
        for cells, text in list(zip(self.lines, self.texts))[at + 1:at + 1 + len(KINDS)]:
            match = re.fullmatch(r"(\S.*?)((?: +\d+){%d})" % len(self.truth.protocols), text[3:])
            if not match:
                raise Unreadable("no line of a legend: " + repr(text))
            kind = self.kind_of_label(match[1].rstrip())
            sign = cells[0][2] if self.coloured else cells[0][0]
            if sign in self.signs or sign is None:
                complain("no sign of its own:", text)
            self.signs[sign] = kind
            for protocol, count in zip(self.truth.protocols, match[2].split()):
                if int(count) != self.truth.count(protocol, kind):
                    complain(protocol, kind, "counts", count, "not",
                             self.truth.count(protocol, kind))

    def kind_of_label(self, label):
        """In a narrow terminal the legend's labels are cut."""
        kinds = [kind for kind, words in KINDS.items() if words == label] or \
                [kind for kind, words in KINDS.items()
                 if words.startswith(label) and kind not in self.signs.values() and len(label) > 9]
        if not kinds:
            raise Unreadable("no such kind: " + repr(label))
        return kinds[0]

    def kinds(self, cell):
        """Of the upper and the lower row; None: no port."""
        character, fore, back = cell
        if not self.coloured:
            return [None if character == " " else self.signs[character]]
        colours = {" ": (back, back), "▀": (fore, back), "▄": (back, fore)}[character]
        return [None if colour is None else self.signs[colour] for colour in colours]

    def pictures(self):
        at = 0
        while at < len(self.lines):
            names = re.fullmatch(r"      (TCP|UDP)(?:( +)(UDP))?", self.texts[at])
            if names and len(names[2] or "   ") >= 3 and self.texts[at + 1].startswith("      +0"):
                starts = [(names[1].lower(), 6)]
                if names[3]:
                    starts.append(("udp", names.start(3)))
                at = self.picture(at + 2, starts)
            at += 1
        for protocol in self.truth.protocols:
            expected = range(self.first - self.first % self.cell, self.last + 1, self.cell)
            if sorted(self.seen[protocol]) != list(expected):
                complain(protocol, "has not each cell")
            for first, kind in self.seen[protocol].items():
                truth = self.truth.telling(protocol, max(first, self.first),
                                           min(first + self.cell - 1, self.last))
                if kind != truth:
                    complain(protocol, first, "is shown as", kind, "not", truth)

    def picture(self, at, starts):
        while at < len(self.lines) and self.texts[at].strip():
            label = int(self.texts[at][:6])
            if label % self.row:
                complain("a row begins at", label)
            for protocol, left in starts:
                for column in range(self.row // self.cell):
                    cell = self.lines[at][left + column:left + column + 1] or [(" ", None, None)]
                    for row, kind in enumerate(self.kinds(cell[0])):
                        if kind:
                            port = label + row * self.row + column * self.cell
                            if port in self.seen[protocol]:
                                complain(protocol, port, "comes twice")
                            self.seen[protocol][port] = kind
            at += 1
        return at

    def check(self):
        if (self.first, self.last) != (self.truth.first, self.truth.last):
            complain("ports", self.first, self.last)
        self.legend()
        self.pictures()
