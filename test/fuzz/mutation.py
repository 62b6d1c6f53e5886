"""Mutations of bytes, for the fuzzers."""


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
