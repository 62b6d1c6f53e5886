/*
 * settings.h
 *		Settings (dynapg.*) that more than one room reads.
 */
#ifndef DYNAPG_SETTINGS_H
#define DYNAPG_SETTINGS_H

extern char *dynapg_region;		/* dynapg.region, in ARNs: us-east-1 */
extern char *dynapg_account_id; /* dynapg.account_id, in ARNs: 12 digits */
extern int	dynapg_control_plane_delay; /* dynapg.control_plane_delay, milliseconds: how long CREATING and the like stay visible */

extern void settings_init(void);

#endif							/* DYNAPG_SETTINGS_H */
