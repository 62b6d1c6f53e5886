"""Pages of docs/ that are tests: their blocks, and what runs those.

A page's blocks are run in their order: ```sql by one psql, ```python in one Python, ```js in one program of node; a block without a language behind one
of them is its output, which must be what it says. Other blocks are for readers only.

    <!-- test: NAME -->     of a page that has such marks only what follows one, up to the next heading, is run
    <!-- await -->          the next block is run again until its output is what the page says, for three minutes at most
    (a session that listens prints notifications when they come: they are part of the next output of which they are expected)
    <!-- not run -->        the next block is not run
"""
import contextlib
import io
import os
import re
import subprocess
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MARK = "---- end of a block ----"
NOTIFICATION = "Asynchronous notification "
SECONDS = 180

# What differs from one run to the next
VARYING = [(re.compile(r"\b1\d{20}\b"), "100000000000000000000"), (re.compile(r"\bPID \d+"), "PID 4711")]


class Block:
    """A piece of a page; line: of its first line within, from 0."""

    def __init__(self, kind, text, line):
        self.kind, self.text, self.line = kind, text, line


def read_blocks(path):
    """The blocks of a page in their order. Kinds: a block's language ("output" if it has none), "heading", "comment", "row" of a table, whose text is the
    line, and "head", which is the first row of one."""
    kind, within, begin, in_table = None, [], 0, False
    with open(path, encoding="utf-8") as page:
        lines = page.read().split("\n")
    for number, line in enumerate(lines):
        if line.startswith("```"):
            if kind is None:
                kind, within, begin = line[3:] or "output", [], number + 1
            else:
                yield Block(kind, "\n".join(within), begin)
                kind = None
        elif kind is not None:
            within.append(line)
        elif line.startswith("|"):
            if not line.startswith("|---"):
                yield Block("row" if in_table else "head", line, number)
            in_table = True
        else:
            in_table = False
            if line.startswith("#"):
                yield Block("heading", line.lstrip("# "), number)
            elif line.startswith("<!--"):
                yield Block("comment", line[4:].split("-->")[0].strip(), number)
    if kind is not None:
        raise SystemExit("%s: a block does not end" % path)


def shown_lines(text):
    """What is compared of an output."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return [line.rstrip() for line in text.split("\n") if line.strip() and not re.match(r"\(\d+ rows?\)$", line)]


# ---------------------------------------------------------------- what runs blocks: each has run(text) -> (output, whether it went well)

class Psql:
    """A session of the server that libpq's environment names."""

    def __init__(self, user=None):
        environment = dict(os.environ, PGOPTIONS="-c client_min_messages=error", **({"PGUSER": user} if user else {}))
        self.process = subprocess.Popen([os.environ.get("PSQL", "psql"), "-X", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, encoding="utf-8", env=environment)
        self.heard = []

    def run(self, text):
        self.process.stdin.write("%s\n\\echo %s\n" % (text, MARK))
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.rstrip("\n") == MARK:
                break
            line = re.sub(r"^psql:<stdin>:\d+: ", "", line.rstrip("\n"))
            (self.heard if line.startswith(NOTIFICATION) else lines).append(line)
        else:
            return "\n".join(lines), False
        return "\n".join(lines), not any(re.match(r"(ERROR|FATAL|PANIC):", line) for line in lines)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Python:
    """This one: what a page needs of packages its environment must have."""

    def __init__(self):
        self.names = {"__name__": "page"}

    def run(self, text):
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                exec(compile(text, "page", "exec"), self.names)         # pylint: disable=exec-used
        except Exception:                                               # pylint: disable=broad-except
            return output.getvalue() + traceback.format_exc(), False
        return output.getvalue(), True

    def end(self):
        self.names.clear()


class Node:
    """One module made of all of a page's blocks, which waits between them; NODE_FOLDER has its packages."""

    START = """import { createInterface } from 'node:readline';
const lines_ = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const pause_ = async () => { console.log('%s'); await lines_.next(); };
await lines_.next();
""" % MARK

    def __init__(self, blocks):
        path = os.path.join(os.environ["NODE_FOLDER"], "page_%d.mjs" % os.getpid())
        with open(path, "w", encoding="utf-8") as program:
            program.write(self.START + "".join("%s\nawait pause_();\n" % block.text for block in blocks if block.kind == "js") + "process.exit(0);\n")
        self.process = subprocess.Popen(["node", "--no-warnings", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, encoding="utf-8")
        self.path = path

    def run(self, _):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.rstrip("\n") == MARK:
                return "".join(lines), True
            lines.append(line)
        return "".join(lines), False

    def end(self):
        self.process.kill()
        self.process.wait()
        os.unlink(self.path)


# ---------------------------------------------------------------- pages

def blocks_to_run(path):
    """(block, output block or None, whether it is awaited) of what is run."""
    blocks = list(read_blocks(path))
    marked = any(block.kind == "comment" and block.text.startswith("test:") for block in blocks)
    runs, awaited, skipped = not marked, False, False
    for number, block in enumerate(blocks):
        if block.kind == "heading":
            runs = runs and not marked
        elif block.kind == "comment":
            runs = runs or block.text.startswith("test:")
            awaited, skipped = block.text == "await", block.text == "not run"
        elif block.kind in ("sql", "python", "js"):
            if runs and not skipped:
                following = blocks[number + 1] if number + 1 < len(blocks) else None
                yield block, following if following is not None and following.kind == "output" else None, awaited
            awaited = skipped = False


def run_block(runner, block, output, awaited):
    """(what it has printed, whether it went well)."""
    wanted = shown_lines(output.text) if output else None
    deadline = time.monotonic() + SECONDS
    while True:
        printed, good = runner.run(block.text)
        if wanted is not None and any(line.startswith(NOTIFICATION) for line in wanted):
            printed = "\n".join([printed] + runner.heard)
        if wanted is not None and shown_lines(printed) == wanted:
            return printed, True
        if not awaited or time.monotonic() > deadline:
            return printed, good and wanted is None
        time.sleep(0.2)


def run_page(path, check, write=False):
    """Runs a page. check(good, what, *details) is told of each block; write: the page gets the outputs that there are."""
    chosen = list(blocks_to_run(path))
    make = {"sql": Psql, "python": Python, "js": lambda: Node([block for block, _, _ in chosen])}
    runners, found = {}, []
    for block, output, awaited in chosen:
        if block.kind not in runners:
            runners[block.kind] = make[block.kind]()
        if write and awaited:
            time.sleep(3)
        printed, good = run_block(runners[block.kind], block, None if write else output, awaited and not write)
        found.append((block, output, printed))
        check(good, "%s, line %d" % (os.path.relpath(path, ROOT), block.line), block.text, "expected:", output.text if output else "no error", "got:", printed)
    for runner in runners.values():
        runner.end()
    if write:
        write_outputs(path, found)


def write_outputs(path, found):
    with open(path, encoding="utf-8") as page:
        lines = page.read().split("\n")
    for block, output, printed in reversed(found):
        new = [line.rstrip() for line in printed.split("\n") if line.strip() and not re.match(r"\(\d+ rows?\)$", line)]
        if output is not None:
            lines[output.line:output.line + len(output.text.split("\n"))] = new
        elif new:
            end = block.line + len(block.text.split("\n")) + 1
            lines[end:end] = ["```"] + new + ["```"]
    with open(path, "w", encoding="utf-8") as page:
        page.write("\n".join(lines))
