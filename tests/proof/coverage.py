#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""coverage.py BUILD SOURCE LIST ROOM... - which lines of rooms of src a build tree reached

BUILD was compiled with --coverage and has run; the same source may be in more than one of its
programs. What was not reached is compared with LIST, both ways: a line

    FILE FUNCTION :: the line of code :: why no test reaches it

for each. Prints a table, and what LIST lacks or has too much, each with a "!". The last line is
"lines LINES unexplained NUMBER branches REACHED of BRANCHES".
"""
import collections
import json
import os
import subprocess
import sys


def measure(build, source, rooms):
    """{file: {line: [reached, function, {branch: reached}]}} of the sources in these rooms."""
    lines = collections.defaultdict(dict)
    notes = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(build, "src"))
             for name in names if name.endswith(".gcno")]
    for note in sorted(notes):
        said = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", note],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        for text in said.splitlines():
            said = json.loads(text)
            for file in said["files"]:
                name = os.path.relpath(os.path.join(build, file["file"]), source)
                if name.split(os.sep)[:1] == ["src"] and name.split(os.sep)[1] in rooms:
                    note_file(lines[name], file)
    return lines


def note_file(lines, file):
    for line in file["lines"]:
        known = lines.setdefault(line["line_number"], [False, "", {}])
        known[0] |= line["count"] > 0
        known[1] = known[1] or line.get("function_name", "")
        for number, branch in enumerate(line["branches"]):
            # A line stands once in each program; a macro's functions differ in what they say.
            known[2][number] = known[2].get(number, False) or branch["count"] > 0


def list_read(path):
    """How often a (file, function, code) may be unreached, and with what reason."""
    allowed, reasons = collections.Counter(), {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#") or not line.strip():
                continue
            where, code, reason = (part.strip() for part in line.split(" :: "))
            name, function = where.split()
            allowed[name, function, code] += 1
            reasons[name, function, code] = reason
    return allowed, reasons


def main(build, source, path, *rooms):
    measured = measure(build, source, rooms)
    allowed, reasons = list_read(path)
    missed, where, unexplained = collections.Counter(), collections.defaultdict(list), 0
    branches = [0, 0]
    print(f"{'file':<32} {'lines':>6} {'reached':>8} {'branches':>9} {'reached':>8}")
    for name in sorted(measured):
        lines = measured[name]
        with open(os.path.join(source, name), encoding="utf-8") as file:
            code = file.read().splitlines()
        ways = [way for line in lines.values() for way in line[2].values()]
        reached = sum(line[0] for line in lines.values())
        branches = [branches[0] + sum(ways), branches[1] + len(ways)]
        print(f"{name:<32} {len(lines):>6} {reached:>8} {len(ways):>9} {sum(ways):>8}")
        for number in sorted(lines):
            if not lines[number][0]:
                key = name, lines[number][1], code[number - 1].strip()
                missed[key] += 1
                where[key].append(number)
    for key in sorted(missed, key=lambda key: (key[0], where[key][0])):
        if missed[key] > allowed[key]:
            unexplained += missed[key] - allowed[key]
            lines = ",".join(map(str, where[key]))
            print(f"! not reached, and no reason is given: line {lines}: {key[0]} {key[1]} :: {key[2]} ::")
    for key in sorted(allowed):
        if missed[key] < allowed[key] and key[0].split("/")[1] in rooms:
            unexplained += allowed[key] - missed[key]
            print(f"! reached now, or gone: {key[0]} {key[1]} :: {key[2]} :: {reasons[key]}")
    print(f"lines {sum(map(len, measured.values()))} unexplained {unexplained}"
          f" branches {branches[0]} of {branches[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
