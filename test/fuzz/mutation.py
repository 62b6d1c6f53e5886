"""What the fuzzers of bytes share: mutations, the corpus, the loop. Their folder test/property must be among the paths already."""
import glob
import os
import tempfile
import time

from server import ServerDied


def mutate(rng, data, corpus, tokens):
    """Data with a few changes: tokens put in, pieces taken out, moved, repeated, taken from others, bits flipped."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        at = rng.randrange(len(data) + 1)
        to = min(len(data), at + rng.choice([1, 1, 2, 5, 20]))
        kind = rng.randrange(8)
        if kind == 0:
            data[at:at] = rng.choice(tokens)
        elif kind == 1:
            data[at:to] = rng.choice(tokens)
        elif kind == 2:
            del data[at:to]
        elif kind == 3 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 4 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 5:
            data[at:at] = data[at:to] * rng.choice([1, 2, 40])
        elif kind == 6:
            other = rng.choice(corpus)
            cut = rng.randrange(len(other) + 1)
            data[at:to] = other[cut:cut + rng.choice([1, 5, 30, 200])]
        elif kind == 7:
            other = rng.randrange(len(data) + 1)
            data[other:other] = data[at:to]
    return bytes(data)


def read_corpus(folder):
    """The files of a folder of the corpus."""
    corpus = []
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", folder, "*"))):
        with open(path, "rb") as file:
            corpus.append(file.read())
    return corpus


def run_batches(name, report, seconds, batch, check, make_batch):
    """Checks one batch after the other until the time is over, the first one anyway; returns how many cases there were. If the server dies, the batch
    that it died of is kept in a file, whose name begins with the fuzzer's."""
    end = time.monotonic() + seconds
    cases = 0
    while True:
        try:
            check(batch)
        except ServerDied as died:
            with tempfile.NamedTemporaryFile(prefix=name + "_", suffix=".txt", delete=False) as file:
                file.write(b"\n".join(repr(case).encode() for case in batch))
            report.check(False, "the server died; its batch is in " + file.name, str(died))
            return cases
        cases += len(batch)
        if time.monotonic() > end:
            return cases
        batch = make_batch()
