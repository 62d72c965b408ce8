#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what portres map shows with what there is: map.py FOLDER

Each line of its file queue is a comparison: NUMBER SORT WIDTH DESCRIPTION. SORT is screen
(captured, with its colours), text (the same without), svg or json; shown-NUMBER is that. The file
truth-NUMBER has lines "range FIRST LAST", "protocols tcp udp", and KIND PROTOCOL FIRST LAST for all
that is not just free; later lines come over earlier ones. Prints for each comparison "0
DESCRIPTION", or what is wrong, in comments, and "1 DESCRIPTION". What a colour or a letter stands
for is taken from the picture's own legend.
"""
import json
import sys

from map_screen import Screen
from map_svg import Page
from map_truth import KINDS, Truth, complain, wrong


def json_check(truth, path):
    with open(path, encoding="ascii") as file:
        report = json.load(file)
    if sorted(report["protocols"]) != sorted(truth.protocols):
        complain("protocols:", sorted(report["protocols"]))
    for protocol, runs in report["protocols"].items():
        expected = truth.first
        for run in runs:
            if run["first"] != expected or run["last"] < run["first"]:
                complain(protocol, "after", expected - 1, "comes", run)
            for port in range(run["first"], run["last"] + 1):
                if truth.kinds[protocol][port] != run["kind"]:
                    complain(protocol, port, "is shown as", run["kind"])
            expected = run["last"] + 1
        if expected != truth.last + 1:
            complain(protocol, "ends before", expected)
        for kind in KINDS:
            if report["counts"][protocol][kind] != truth.count(protocol, kind):
                complain(protocol, kind, "counts", report["counts"][protocol][kind])


def compare(truth, sort, width, path):
    if sort in ("screen", "text"):
        Screen(truth, width, path, sort == "screen").check()
    elif sort == "svg":
        Page(truth, path).check()
    else:
        json_check(truth, path)


def main():
    folder = sys.argv[1]
    with open(folder + "/queue", encoding="utf-8") as queue:
        for line in queue:
            number, sort, width, description = line.rstrip("\n").split(" ", 3)
            wrong.clear()
            try:
                compare(Truth(folder + "/truth-" + number), sort, int(width), folder + "/shown-" + number)
            except Exception as fault:  # what cannot even be read is wrong, too
                complain(type(fault).__name__, fault)
            for what in wrong[:20]:
                print("#", what)
            print(len(wrong) > 0 and 1 or 0, description)


main()
