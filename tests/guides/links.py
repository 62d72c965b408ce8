#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""links.py FOLDER: the links of the project's pages lead to files, and to headings in them;
docs/README.md leads to every page of docs. Prints what does not."""
import pathlib
import re
import sys


def text_of(page):
    """A page without its examples."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)


def anchors(page):
    """As they are made of headings: letters, digits, - and _, spaces become -."""
    headings = re.findall(r"^#+ (.*)", text_of(page), flags=re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def wrong_links(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield f"{page}: {link}: there is no such file"
        elif anchor and anchor not in anchors(target):
            yield f"{page}: {link}: there is no such heading"


def main(folder):
    root = pathlib.Path(folder)
    docs = root / "docs"
    pages = sorted([*root.glob("*.md"), *docs.rglob("*.md")])
    wrong = [line for page in pages for line in wrong_links(page)]
    index = (docs / "README.md").read_text()
    wrong += [f"docs/README.md does not lead to {page.relative_to(docs)}"
              for page in docs.rglob("*.md")
              if page.name != "README.md" and f"]({page.relative_to(docs)})" not in index]
    print("\n".join(wrong), end="\n" if wrong else "")
    print(len(pages), "pages", file=sys.stderr)
    return 1 if wrong or len(pages) < 2 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
