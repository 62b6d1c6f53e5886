/*
 * sketch.c
 *		Space-saving counters.
 */
#include "postgres.h"

#include "meter/sketch.h"

void
sketch_reset(Sketch *sketch)
{
	sketch->total = 0;
	sketch->n = 0;
	sketch->lightest = SKETCH_KEYS;
	sketch->least = 0;
	memset(sketch->slots, 0, sizeof(sketch->slots));
}

/* Where a hash belongs in the index, and what is next. */
static inline int
home_slot(uint64 hash)
{
	return (hash * UINT64CONST(0x9E3779B97F4A7C15)) >> 55;
}

static inline int
next_slot(int slot)
{
	return (slot + 1) % SKETCH_SLOTS;
}

/* The slot of a hash, or the free one where it would be. */
static int
find_slot(const Sketch *sketch, uint64 hash)
{
	int			slot = home_slot(hash);

	while (sketch->slots[slot] != 0 && sketch->hashes[sketch->slots[slot] - 1] != hash)
		slot = next_slot(slot);
	return slot;
}

static int
find_key(const Sketch *sketch, uint64 hash)
{
	return sketch->slots[find_slot(sketch, hash)] - 1;
}

/* Takes a hash out of the index: what stands behind it, and could not be found any more, moves up. */
static void
free_slot(Sketch *sketch, uint64 hash)
{
	int			hole = find_slot(sketch, hash);

	for (int slot = next_slot(hole); sketch->slots[slot] != 0; slot = next_slot(slot))
	{
		int			home = home_slot(sketch->hashes[sketch->slots[slot] - 1]);

		if ((slot - home + SKETCH_SLOTS) % SKETCH_SLOTS >= (slot - hole + SKETCH_SLOTS) % SKETCH_SLOTS)
		{
			sketch->slots[hole] = sketch->slots[slot];
			hole = slot;
		}
	}
	sketch->slots[hole] = 0;
}

/* The first of the lightest keys, where all places are taken.  Weights only grow: what was not the lightest before another one is not now. */
static int
lightest(Sketch *sketch)
{
	while (sketch->lightest < SKETCH_KEYS && sketch->weights[sketch->lightest] > sketch->least)
		sketch->lightest++;
	if (sketch->lightest == SKETCH_KEYS)
	{
		sketch->lightest = 0;
		for (int i = 1; i < SKETCH_KEYS; i++)
			if (sketch->weights[i] < sketch->weights[sketch->lightest])
				sketch->lightest = i;
		sketch->least = sketch->weights[sketch->lightest];
	}
	return sketch->lightest;
}

static void
put_key(Sketch *sketch, int place, const SketchKey *key, double weight, double error)
{
	sketch->slots[find_slot(sketch, key->hash)] = place + 1;
	sketch->hashes[place] = key->hash;
	sketch->weights[place] = weight;
	sketch->errors[place] = error;
	sketch->keys[place].hash = key->hash;
	sketch->keys[place].len = key->len;
	memcpy(sketch->keys[place].text, key->text, Min(key->len, SKETCH_TEXT_SIZE));
}

bool
sketch_hit(Sketch *sketch, uint64 hash, double weight)
{
	int			place = find_key(sketch, hash);

	if (place < 0)
		return false;
	sketch->total += weight;
	sketch->weights[place] += weight;
	return true;
}

void
sketch_add(Sketch *sketch, const SketchKey *key, double weight)
{
	int			place;

	if (sketch_hit(sketch, key->hash, weight))
		return;
	sketch->total += weight;
	if (sketch->n < SKETCH_KEYS)
		put_key(sketch, sketch->n++, key, weight, 0);
	else
	{
		place = lightest(sketch);
		free_slot(sketch, sketch->hashes[place]);
		put_key(sketch, place, key, sketch->weights[place] + weight, sketch->weights[place]);
	}
}

static int
compare_places(const void *a, const void *b, void *argument)
{
	const Sketch *sketch = (const Sketch *) argument;
	double		left = sketch->weights[*(const int *) a];
	double		right = sketch->weights[*(const int *) b];

	return left != right ? (left < right ? 1 : -1) : *(const int *) a - *(const int *) b;
}

int
sketch_order(const Sketch *sketch, int *places)
{
	for (int i = 0; i < sketch->n; i++)
		places[i] = i;
	qsort_arg(places, sketch->n, sizeof(int), compare_places, unconstify(Sketch *, sketch));
	return sketch->n;
}
