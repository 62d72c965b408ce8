#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Takes the examples out of a guide, and compares what they say with what stands there.

guide.py split GUIDE FOLDER
    One folder for each section ("## ..."), named after its heading. A block with a name
    behind its language (```make Makefile) is a file of the section; the files of "The
    example" are there in all sections. The commands of the Nth block ```console are N.sh,
    what they print is N.expected. In what is printed a line of MARK and the exit status ends a
    command; a command for which the guide shows no output has to succeed.

guide.py compare EXPECTED GOT FIRST LAST [--any-order]
    A line "..." stands for any lines. Times are equal to times, pids to pids. A number of four or five
    digits stands for another one, the same number for the same one; where the guide has
    20000 to 29999 it means a port of a block, and the other one is in FIRST to LAST.
"""
import pathlib
import re
import sys

MARK = "@@@ "


def quoted(text):
    """Whether the command goes on in the next line."""
    return text.count("'") % 2 == 1 or text.endswith("\\\n")


def commands(lines):
    """The commands of a block, each with the lines that it prints. The first line says how
    they begin: "$ ", or "# " for root."""
    found, goes_on = [], False
    prompt = lines[0][:2]
    if prompt not in ("$ ", "# "):
        sys.exit(f"a block begins without a command: {lines[0]}")
    for line in lines:
        if goes_on or line.startswith(prompt):
            text = line if goes_on else line[2:]
            if not goes_on:
                found.append(["", []])
            found[-1][0] += text
            goes_on = quoted(found[-1][0])
        else:
            found[-1][1].append(line)
    return found


def block_write(folder, info, lines):
    """One block of a guide."""
    if len(info) > 1:
        path = folder / info[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines))
        path.chmod(0o755)
    elif info == ["console"]:
        n = len(list(folder.glob("[0-9].sh"))) + 1
        found = commands(lines)
        script = "".join(f"{text}printf '{MARK}%d\\n' $?\n" for text, _ in found)
        (folder / f"{n}.sh").write_text(script)
        (folder / f"{n}.expected").write_text(
            "".join("".join(output) + f"{MARK}{'*' if output else 0}\n" for _, output in found))
        (folder / f"{n}.commands").write_text(
            "".join(" ".join(text.split()) + "\n" for text, _ in found))


def slug(heading):
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def split(guide, target):
    folder, info, lines = None, None, []
    for line in pathlib.Path(guide).read_text().splitlines(keepends=True):
        if info is None and line.startswith("## "):
            folder = target / slug(line[3:])
            folder.mkdir(parents=True)
        elif line.startswith("```") and info is None:
            info, lines = line[3:].split(), []
        elif line.startswith("```"):
            if folder:
                block_write(folder, info, lines)
            elif info:
                sys.exit("an example stands before the first section")
            info = None
        elif info is not None:
            lines.append(line)


TOKEN = re.compile(r"""(?P<pid>(?<=[(]pid\ |kill\ )\d+|(?<=\ )\d+(?=\ \S*(?:portres|python3)))
		     |(?P<time>\d\d:\d\d:\d\d|\d+\.\d+(?=\ ?(?:s|ms|sec|seconds)\b)|\d+\.\d{3,}|(?<=in\ )\d+\.\d+)
		     |(?P<number>(?<![\w.])\d{4,5}(?![\w]|\.\d))""", re.X)


class Numbers:
    """Which number of the guide stands for which one here."""

    def __init__(self, first, last):
        self.first, self.last, self.pairs, self.back = first, last, {}, {}

    def fits(self, expected, got):
        inside = self.first <= got <= self.last
        if expected != got and (20000 <= expected < 30000) != inside:
            return False
        return (self.pairs.setdefault(expected, got) == got
                and self.back.setdefault(got, expected) == expected)


def tokens(line):
    return [m for m in TOKEN.finditer(line)]


def shape(line):
    """What is left of a line without what may differ."""
    return " ".join(TOKEN.sub(lambda m: "<" + m.lastgroup + ">", line).split())


def line_fits(expected, got, numbers):
    if expected == MARK + "*" and got.startswith(MARK):
        return True
    if shape(expected) != shape(got):
        return False
    pairs = [(int(e[0]), int(g[0])) for e, g in zip(tokens(expected), tokens(got))
             if e.lastgroup == "number"]
    kept = dict(numbers.pairs), dict(numbers.back)
    if all(numbers.fits(e, g) for e, g in pairs):
        return True
    numbers.pairs, numbers.back = kept
    return False


def lines_fit(expected, got, numbers):
    """The first line that does not fit, or None."""
    while expected:
        if expected[0] == "...":
            while got and (len(expected) == 1 or not line_fits(expected[1], got[0], numbers)):
                got = got[1:]
        elif not got:
            return f"missing: {expected[0]}"
        elif not line_fits(expected[0], got[0], numbers):
            return f"expected: {expected[0]}\n     got: {got[0]}"
        else:
            got = got[1:]
        expected = expected[1:]
    return f"too much: {got[0]}" if got else None


def compare(expected, got, first, last, any_order):
    def key(line):
        return (line.startswith(MARK), shape(line))

    numbers = Numbers(int(first), int(last))
    read = [[line.rstrip() for line in pathlib.Path(path).read_text().splitlines() if line.strip()]
            for path in (expected, got)]
    if any_order:
        read = [sorted(lines, key=key) for lines in read]
    return lines_fit(*read, numbers)


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "split":
        split(arguments[1], pathlib.Path(arguments[2]))
        return 0
    if len(arguments) in (5, 6) and arguments[0] == "compare":
        wrong = compare(*arguments[1:5], arguments[5:] == ["--any-order"])
        if wrong:
            print(wrong)
        return 1 if wrong else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
