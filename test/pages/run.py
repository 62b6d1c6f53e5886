#!/usr/bin/env python3
"""Runs pages of docs/ (pages.py says how), each in its own order, against the server of libpq's environment.

    run.py [--write] PAGE...      --write: for who writes a page; its outputs become what was printed, and are to be read then
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from pages import run_page                                  # noqa: E402

passed = failed = 0


def check(good, what, *details):
    global passed, failed
    if good:
        passed += 1
        return
    failed += 1
    print("not ok:", what)
    for detail in details:
        print("    " + detail.replace("\n", "\n    "))


def main():
    write = "--write" in sys.argv
    for path in sys.argv[1:]:
        if not path.startswith("--"):
            run_page(path, check, write)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
