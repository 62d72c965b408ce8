# SPDX-License-Identifier: MIT
"""The picture of portres map as SVG."""
import re
import xml.etree.ElementTree as ElementTree

from map_truth import KINDS, Unreadable, complain, kind_of

SVG = "{http://www.w3.org/2000/svg}"


class Page:
    def __init__(self, truth, path):
        self.truth = truth
        self.root = ElementTree.parse(path).getroot()
        self.width, self.height = float(self.root.get("width")), float(self.root.get("height"))
        self.style = "".join(style.text for style in self.root.iter(SVG + "style"))

    def root_check(self):
        root = self.root
        if root.tag != SVG + "svg" or root.get("role") != "img" or not root.get("aria-label"):
            complain("the root:", root.tag, root.attrib)
        if root.get("viewBox") != "0 0 %g %g" % (self.width, self.height):
            complain("viewBox:", root.get("viewBox"))
        if root.find(SVG + "title") is None or not root.find(SVG + "desc").text:
            complain("no title, or no description")
        if "prefers-color-scheme" not in self.style:
            complain("no dark form")
        for element in root.iter():
            for name, value in element.attrib.items():
                if "http" in value or name.endswith("href") or name.startswith("on"):
                    complain("not by itself:", name, value)
            if element.tag.replace(SVG, "") not in ("svg", "title", "desc", "style", "rect", "text", "g"):
                complain("an element:", element.tag)

    def box_of_text(self, text):
        """Not smaller than any usual font draws it."""
        classes = text.get("class").split()
        size = 12
        for name in classes:
            match = re.search(r"\.%s\{font-size:(\d+)px" % name, self.style)
            size = int(match[1]) if match else size
        wide = len(text.text) * size * (0.68 if "name" in classes else 0.6)
        x, y = float(text.get("x")), float(text.get("y"))
        left = x - wide if "end" in classes else x
        return left, y - size * 0.8, left + wide, y + size * 0.25

    def boxes_check(self):
        texts = [(self.box_of_text(text), text.text) for text in self.root.iter(SVG + "text")]
        rects = []
        for rect in self.root.iter(SVG + "rect"):
            x, y, width, height = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
            rects.append(((x, y, x + width, y + height), rect.get("class")))
            if x < 0 or y < 0 or x + width > self.width + 0.01 or y + height > self.height + 0.01:
                complain("a rect outside the page:", rect.attrib)
        for i, (box, text) in enumerate(texts):
            if box[0] < 0 or box[1] < 0 or box[2] > self.width or box[3] > self.height:
                complain("a text outside the page:", text)
            for other, what in texts[:i] + [rect for rect in rects if rect[1] != "page"]:
                if box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]:
                    complain("a text overlaps:", text, what)

    def legend(self):
        """Which kind each class of rects is, by the text to the right of its sample."""
        samples = [rect for rect in self.root.findall(SVG + "rect") if rect.get("class") != "page"]
        lines = {}
        for text in self.root.findall(SVG + "text"):
            lines.setdefault(float(text.get("y")), []).append(text.text)
        self.classes = {}
        for sample in samples:
            *counts, label = self.line_at(lines, float(sample.get("y")))
            kind = kind_of(label)
            self.classes[sample.get("class")] = kind
            truth = [str(self.truth.count(protocol, kind)) for protocol in self.truth.protocols]
            if counts != truth:
                complain(kind, "counts", counts, "not", truth)
        if sorted(self.classes.values()) != sorted(KINDS):
            complain("the legend:", self.classes)

    @staticmethod
    def line_at(lines, y):
        texts = next(texts for at, texts in lines.items() if y < at < y + 13)
        return [text for text in texts if text.isdigit()] + [text for text in texts if not text.isdigit()]

    def grid(self):
        for text in self.root.findall(SVG + "text"):
            match = re.match(r"A row is (\d+) ports(?:, a cell the most telling of (\d+))?$", text.text)
            if match:
                return int(match[1]), int(match[2] or 1)
        raise Unreadable("no size of a row")

    def marks(self):
        """Where the pictures begin: below the marks of a row's first port."""
        return sorted(float(text.get("x")) for text in self.root.iter(SVG + "text") if text.text == "+0")

    def labels_check(self, row, top, high):
        labels = [text for text in self.root.findall(SVG + "text")
                  if text.text.isdigit() and float(text.get("x")) < self.marks()[0]]
        if not labels:
            complain("no labels of rows")
        for label in labels:
            at = (int(label.text) - self.truth.first + self.truth.first % row) // row
            if int(label.text) % row or not 0 <= float(label.get("y")) - top - at * high <= high + 4:
                complain("the label of a row:", label.text)

    def runs_check(self):
        row, cell = self.grid()
        groups = {group.get("id"): list(group) for group in self.root.findall(SVG + "g")}
        if sorted(groups) != sorted(self.truth.protocols):
            complain("pictures:", sorted(groups))
        for protocol, rects in groups.items():
            expected = self.truth.first
            pixel = 500 * cell / row
            left = self.marks()[self.truth.protocols.index(protocol)]
            top, high = float(rects[0].get("y")), float(rects[0].get("height")) + 1
            self.labels_check(row, top, high)
            for rect in rects:
                expected = self.run_check(protocol, rect, expected)
                first, last, kind = self.run
                base = first - first % row
                origin = self.truth.first - self.truth.first % row
                place = (left + (first - base) // cell * pixel, top + (base - origin) // row * high,
                         ((last - base) // cell - (first - base) // cell + 1) * pixel)
                seen = tuple(float(rect.get(name)) for name in ("x", "y", "width"))
                if any(abs(a - b) > 0.01 for a, b in zip(place, seen)):
                    complain(protocol, first, "is at", seen, "not", place)
                for at in range(first - first % cell, last + 1, cell):
                    truth = self.truth.telling(protocol, max(at, first), min(at + cell - 1, last))
                    if truth != kind:
                        complain(protocol, at, "is shown as", kind, "not", truth)
            if expected != self.truth.last + 1:
                complain(protocol, "ends before", expected)

    def run_check(self, protocol, rect, expected):
        title = rect.find(SVG + "title").text
        match = re.match(r"(\d+)(?:-(\d+))? (TCP|UDP): (?:(\d+) )?(.*)$", title)
        if not match:
            raise Unreadable("a title: " + title)
        first, last = int(match[1]), int(match[2] or match[1])
        kind = self.classes[rect.get("class")]
        self.run = first, last, kind
        if first != expected or match[3].lower() != protocol:
            complain("after", expected - 1, "comes", title)
        if not KINDS[kind].startswith(match[5]) or \
                int(match[4] or last - first + 1) != self.truth.count(protocol, kind, first, last):
            complain("a title:", title)
        return last + 1

    def check(self):
        self.root_check()
        self.boxes_check()
        self.legend()
        self.runs_check()
