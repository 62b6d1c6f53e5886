"""Names the tests of a client, counts them, and goes on after a failure."""
import os
import subprocess
import sys
import traceback

ENDPOINT = os.environ["AWS_ENDPOINT_URL_DYNAMODB"]
REGION = os.environ["AWS_REGION"]

_counts = {True: 0, False: 0}


def test(name):
    """Runs the decorated function at once, as the test of this name."""

    def run(function):
        try:
            function()
            good = True
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc(file=sys.stdout)
            good = False
        _counts[good] += 1
        print(("ok: " if good else "not ok: ") + name, flush=True)
        return function

    return run


def equal(got, expected):
    if got != expected:
        raise AssertionError(f"got {got!r}, expected {expected!r}")


def restart():
    """The server crashes and comes back."""
    subprocess.run([os.environ["DYNAPG_RESTART"]], check=True)


def finish():
    print(f"{_counts[True]} passed, {_counts[False]} failed")
    sys.exit(1 if _counts[False] else 0)
