"""What the property tests and fuzzers share: a server reached through psql, and reports.

The server is the one that psql reaches (PGHOST, PGPORT, PGUSER, PGDATABASE; PSQL names another psql). It must have
the extension installed; a database without it gets it.
"""
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PSQL = os.environ.get("PSQL", "psql").split()

_UNESCAPE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class ServerDied(Exception):
    pass


def run(script):
    """Runs a script and returns what it printed."""
    env = dict(os.environ, PGCLIENTENCODING="UTF8", PGOPTIONS="-c client_min_messages=warning")
    done = subprocess.run(PSQL + ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"], input=script.encode("utf-8"),
                          capture_output=True, env=env, cwd=ROOT)
    if done.returncode != 0:
        message = done.stderr.decode("utf-8", "replace")
        if "server closed the connection" in message or "connection to server" in message:
            raise ServerDied(message)
        sys.exit("psql failed: " + message)
    return done.stdout.decode("utf-8")


def prepare():
    """Makes sure that the extension and the functions for tests are there."""
    if run("SELECT to_regproc('dynapg.item_size') IS NULL;").strip() == "t":
        run("CREATE EXTENSION dynapg;")
    if run("SELECT to_regproc('dynapg_test.wire_roundtrip') IS NULL;").strip() == "t":
        run("\\i test/functions.sql")


# Evaluates an expression over the columns of c; an error is its SQLSTATE and message
_ANSWER = """
CREATE FUNCTION pg_temp.answer(id integer, a text, b text, OUT state text, OUT answer text) LANGUAGE plpgsql AS $$
BEGIN
	state := '';
	answer := (%s)::text;
EXCEPTION WHEN OTHERS THEN
	state := SQLSTATE;
	answer := SQLERRM;
END $$;
"""


def evaluate(expression, rows):
    """The expression's text over a and b for each row (a, b) of texts, in their order: pairs of SQLSTATE ('' if there
    was no error) and answer (None if null)."""
    script = ["CREATE TEMP TABLE c (id integer, a text, b text);", "COPY c FROM STDIN;"]
    for i, (a, b) in enumerate(rows):
        script.append("\t".join([str(i), _escape(a), _escape(b)]))
    script.append("\\.")
    script.append(_ANSWER % expression)
    script.append("COPY (SELECT c.id, x.state, x.answer FROM c, LATERAL pg_temp.answer(c.id, c.a, c.b) AS x"
                  " ORDER BY c.id) TO STDOUT;")
    answers = []
    for line in run("\n".join(script) + "\n").split("\n")[:-1]:
        _, state, answer = line.split("\t")
        answers.append((state, None if answer == "\\N" else _unescape(answer)))
    assert len(answers) == len(rows), (len(answers), len(rows))
    return answers


def _escape(text):
    if text is None:
        return "\\N"
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _unescape(text):
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda m: _UNESCAPE.get(m.group(1), m.group(1)), text)


def timed(function, most):
    """What a function gives, and the seconds it took: the least of three times, since a machine with much to do stops any of them for as long as
    it likes; of one if that was less than most."""
    shortest = None
    for _ in range(3):
        began = time.monotonic()
        answer = function()
        seconds = time.monotonic() - began
        shortest = seconds if shortest is None else min(seconds, shortest)
        if shortest < most:
            break
    return answer, shortest


class Report:
    """Counts checks, prints the first failures, and ends the program."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, good, what, *details):
        if good:
            self.passed += 1
            return
        self.failed += 1
        if self.failed <= 20:
            print("FAILED:", what)
            for detail in details:
                print("   ", repr(detail)[:2000])

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)
