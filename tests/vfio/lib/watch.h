/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch.h - what the kernel says of a vGPU: uevents and log lines; every failure
 * ends the test
 */
#ifndef WATCH_H
#define WATCH_H

#include "admin.h"

int uevents_listen(void);
bool uevents_next(int fd, const char *uuid, char text[TEXT_SIZE]);
unsigned int uevents_count(int fd, const char *uuid);
int log_begin(void);
unsigned int log_count(int fd, const char *first, const char *second);

#endif /* WATCH_H */
