#!/usr/bin/env python3
"""Runs the blocks of docs/first-five-minutes.md in their order, as a new user would, and prints a line for each.

    minutes.py script PAGE          prints a script for bash that runs them
    minutes.py check PAGE OUTPUT    what has come of it

One shell runs all of them, since servers that a shell has started in such a system end with it.
"""
import re
import sys

MARK = "@@@@"


def steps(page):
    """(title, script, output or None)"""
    for part in re.split(r"(?m)^\*\*(?=\d+\. )", page.split("## Times")[0])[1:]:
        blocks = re.findall(r"(?ms)^```(sh)?\n(.*?)^```$", part)
        yield part.split("**")[0], blocks[0][1], blocks[1][1] if len(blocks) > 1 else None


def script(wanted):
    print("set -e\ncd /packages/first")
    for _, block, _ in wanted:
        print("echo '%s' $(date +%%s.%%N)\n%s" % (MARK, block), end="")
    print("echo '%s' $(date +%%s.%%N)\nsudo pg_ctlcluster 15 main stop" % MARK)


def check(wanted, printed):
    parts = re.split(r"(?m)^%s ([\d.]+)\n" % MARK, printed)
    starts, outputs = [float(time) for time in parts[1::2]], parts[2::2]
    for number, (title, _, output) in enumerate(wanted):
        done = number + 1 < len(starts)
        # what comes with it, of apt for instance, is nobody's concern
        right = done and (output is None or output in outputs[number])
        print("%s: %s%s" % ("ok" if right else "not ok", title, " %.1f s" % (starts[number + 1] - starts[number]) if done else ""))
        if not right:
            print(outputs[number][-2000:] if number < len(outputs) else "not reached")
            return
    print("ok: all in all %.0f s" % (starts[-1] - starts[0]))


def main():
    with open(sys.argv[2], encoding="utf-8") as page:
        wanted = list(steps(page.read()))
    if sys.argv[1] == "script":
        script(wanted)
    else:
        with open(sys.argv[3], encoding="utf-8", errors="replace") as printed:
            check(wanted, printed.read())


if __name__ == "__main__":
    main()
