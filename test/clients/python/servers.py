"""Programs of others that a test starts, and dynapg's own server by psql."""
import atexit
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

PSQL = os.environ["DYNAPG_PSQL"]
WORK = pathlib.Path(tempfile.mkdtemp())
WORK.chmod(0o755)
atexit.register(shutil.rmtree, WORK, ignore_errors=True)


def psql(*statements, fails=False):
    """The output of statements in one session; with fails, what the last one's error says."""
    run = subprocess.run([PSQL, "-XAtq", "-v", "ON_ERROR_STOP=1", *(word for s in statements for word in ("-c", s))],
                         capture_output=True, text=True, check=False)
    if (run.returncode != 0) != fails:
        raise AssertionError(run.stderr + run.stdout)
    return run.stderr if fails else run.stdout.rstrip("\n")


def literal(text):
    return "'" + str(text).replace("'", "''") + "'"


def free_port():
    tool = pathlib.Path(__file__).parents[3] / "tools/free_port.py"
    return int(subprocess.run([sys.executable, tool], check=True, capture_output=True, text=True).stdout)


def start_program(name, command, port, seconds=180):
    """Starts a server, which ends with the test, and waits until it listens."""
    log = open(WORK / f"{name}.log", "wb")      # pylint: disable=consider-using-with
    process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=WORK)   # pylint: disable=consider-using-with
    atexit.register(process.wait)
    atexit.register(process.kill)
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"{name} does not start: {(WORK / f'{name}.log').read_text(errors='replace')[-2000:]}")
