#!/usr/bin/env python3
"""Checks the links of all pages: that files and headings are there which they lead to, and that docs/README.md leads to every page.

Run from the project's root: python3 tools/check_docs.py
Prints each breach as file:line: what, and exits with 1 if there is one. Links to other hosts are not followed.
"""
import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^()]*\))?)\)|!\[[^\]]*\]\(([^()\s]+)\)")


def pages():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], capture_output=True, text=True,
                            check=False)
    if listed.returncode == 0:
        return sorted({pathlib.Path(name) for name in listed.stdout.split("\n") if name and pathlib.Path(name).exists()})
    return sorted(pathlib.Path(".").rglob("*.md"))


def prose(text):
    """Lines with their numbers; code is blank."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"\s*(```|~~~)", line):
            fenced = not fenced
            continue
        yield number, "" if fenced or re.match(r"    (?! *[-*0-9])", line) else re.sub(r"`[^`]*`", "`code`", line), fenced, line


def anchors(path, known={}):
    """What `#...` may name in a page: its headings, as forges write them."""
    if path not in known:
        known[path] = set()
        for _, _, fenced, line in prose(path.read_text(encoding="utf-8")):
            heading = re.match(r"#{1,6}\s+(.*?)\s*#*$", line) if not fenced else None
            if heading:
                text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1))
                slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
                twins = sum(1 for a in known[path] if a == slug or re.fullmatch(re.escape(slug) + r"-\d+", a))
                known[path].add("%s-%d" % (slug, twins) if twins else slug)
            known[path].update(re.findall(r'<a (?:name|id)="([^"]+)"', line))
    return known[path]


def breaches(path):
    for number, line, _, _ in prose(path.read_text(encoding="utf-8")):
        for match in LINK.finditer(line):
            target = match.group(1) or match.group(2)
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            to = (path.parent / file) if file else path
            if not to.exists():
                yield number, "%s: there is no such file" % target
            elif anchor and to.suffix == ".md" and anchor not in anchors(to):
                yield number, "%s: there is no such heading" % target


def main():
    found = 0
    for path in pages():
        for number, what in breaches(path):
            print("%s:%d: %s" % (path, number, what))
            found += 1
    index = pathlib.Path("docs/README.md").read_text(encoding="utf-8")
    for path in sorted(pathlib.Path("docs").rglob("*.md")):
        name = path.relative_to("docs").as_posix()
        # a folder has an index of its own
        if "/" in name and not name.endswith("/README.md") and (path.parent / "README.md").exists():
            continue
        if name != "README.md" and "(%s)" % name not in index and "(%s#" % name not in index:
            print("docs/README.md:1: does not lead to %s" % name)
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
