/*
 * sketch.h
 *		Space-saving counters (Metwally, Agrawal, El Abbadi 2005): the heaviest of many keys, in a fixed room.
 *
 * A sketch knows SKETCH_KEYS keys.  A key that is not among them takes the place of the lightest, and its weight as what it may be counted too
 * heavy.  So with n keys kept and a total weight of t:
 *
 *		- a key's true weight is at most its weight here, and at least that less its error;
 *		- no error is above t / SKETCH_KEYS, nor above the least weight here;
 *		- each key that truly weighs more than t / SKETCH_KEYS is here.
 *
 * Nothing here locks; weights are added in one process at a time.
 */
#ifndef DYNAPG_SKETCH_H
#define DYNAPG_SKETCH_H

#define SKETCH_KEYS			256
#define SKETCH_SLOTS		512 /* of the index, 2 ^ 9; half of them are always free */
#define SKETCH_TEXT_SIZE	164 /* bytes of a key's text that are kept */

/* A key: told from others by its number, a hash of all of it; shown as its text, which may be cut. */
typedef struct SketchKey
{
	uint64		hash;
	uint32		len;			/* of all of the text */
	char		text[SKETCH_TEXT_SIZE];
} SketchKey;

typedef struct Sketch
{
	double		total;			/* of all weights that were added */
	int			n;
	int			lightest;		/* no place before it has the least weight ... */
	double		least;			/* ... which is no less than this; both since all places are taken */
	uint16		slots[SKETCH_SLOTS];	/* where a hash is: places + 1, by linear probing; 0: free */
	uint64		hashes[SKETCH_KEYS];
	double		weights[SKETCH_KEYS];
	double		errors[SKETCH_KEYS];
	SketchKey	keys[SKETCH_KEYS];
} Sketch;

extern void sketch_reset(Sketch *sketch);

/* Adds a key's weight, which is above 0. */
extern void sketch_add(Sketch *sketch, const SketchKey *key, double weight);

/* The same if the key is one of those that are kept, without its text; else false. */
extern bool sketch_hit(Sketch *sketch, uint64 hash, double weight);

/* The places of the keys, the heaviest first, in places[SKETCH_KEYS]; returns how many. */
extern int	sketch_order(const Sketch *sketch, int *places);

#endif							/* DYNAPG_SKETCH_H */
