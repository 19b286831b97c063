// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tick.c - time goes on, or stands still
 */
#include "service.h"

/**
 * service_tick - end the leases that have to, and write down the time
 * @service: service
 * @clock: time of its store
 *
 * If that fails, the clock is put back to the time that is on the disk. It stands
 * still that way until the database can be written again: else that would find
 * all leases over which nobody could renew.
 */
void service_tick(struct service *service, struct clock *clock)
{
	if (store_tick(service->store, clock_now(clock)) == STORE_OK)
		return;
	clock_start(clock, store_now(service->store));
	service->events[EVENT_FAILED]++;
	service_log_seldom(service, SELDOM_DATABASE, "database: %s", store_error(service->store));
}
