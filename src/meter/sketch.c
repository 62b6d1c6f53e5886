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
}

static int
find_key(const Sketch *sketch, uint64 hash)
{
	for (int i = 0; i < sketch->n; i++)
		if (sketch->hashes[i] == hash)
			return i;
	return -1;
}

static int
lightest(const Sketch *sketch)
{
	int			found = 0;

	for (int i = 1; i < sketch->n; i++)
		if (sketch->weights[i] < sketch->weights[found])
			found = i;
	return found;
}

static void
put_key(Sketch *sketch, int place, const SketchKey *key, double weight, double error)
{
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
