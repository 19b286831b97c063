// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts and DMA of the vfio-user server. */
#define _GNU_SOURCE
#include <signal.h>

#include "vfio_user_client.h"

/* ---- interrupts ---- */

START_TEST(irq_delivery)
{
	uint64_t n = 0;
	int fds[2] = { eventfd(0, EFD_NONBLOCK), eventfd(0, EFD_NONBLOCK) };

	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 65, 2, fds, 2), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 66), 0);
	ck_assert(readable(fds[1], 1000));
	ck_assert(!readable(fds[0], 0));
	ck_assert_int_eq(read(fds[1], &n, 8), 8);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(vfio_user_irq_raise(vu, NR_VECTORS), -EINVAL);

	/* Taken away: the next one waits, and is delivered with the next eventfd. */
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 66, 1, NULL, 0), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 66), 0);
	ck_assert(!readable(fds[1], 0));
	ck_assert_uint_eq(vfio_user_irq_pending(vu, 64), 1 << 2);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 66, 1, &fds[1], 1), 0);
	ck_assert(readable(fds[1], 0));
	ck_assert_uint_eq(vfio_user_irq_pending(vu, 64), 0);
	ck_assert_uint_eq(vfio_user_irq_pending(vu, 128), 0);

	/* All off. */
	ck_assert_int_eq(read(fds[1], &n, 8), 8);
	ck_assert_int_eq(set_irqs(NONE_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 0, NULL, 0), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 65), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 66), 0);
	ck_assert(!readable(fds[0], 0) && !readable(fds[1], 0));
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(irq_mask)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	const uint32_t none = VFIO_IRQ_SET_DATA_NONE;

	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &fd, 1), 0);
	ck_assert_int_eq(set_irqs(none | VFIO_IRQ_SET_ACTION_MASK, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				  NULL, 0), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 0), 0);
	ck_assert(!readable(fd, 0));
	ck_assert_int_eq(set_irqs(none | VFIO_IRQ_SET_ACTION_UNMASK, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				  NULL, 0), 0);
	ck_assert(readable(fd, 0));
	close(fd);
}
END_TEST

/* Whoever takes a pipe for an eventfd gets no interrupts; the server goes on. */
START_TEST(irq_to_dead_pipe)
{
	int ends[2], fd = eventfd(0, EFD_NONBLOCK);

	/* What the server asks of its program. */
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &ends[1], 1), 0);
	close(ends[0]);
	close(ends[1]);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 0), 0);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &fd, 1), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 0), 0);
	ck_assert(readable(fd, 1000));
	close(fd);
}
END_TEST

START_TEST(irq_nonsense)
{
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, 99, 0, 1, NULL, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, NR_VECTORS + 1,
				  NULL, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, UINT32_MAX, 2, NULL, 0),
			 -EINVAL);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 1, UINT32_MAX, NULL, 0),
			 -EINVAL);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, NULL, 0),
			 -EINVAL);
	ck_assert_int_eq(set_irqs(VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER,
				  VFIO_PCI_MSIX_IRQ_INDEX, 0, 8, NULL, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(0, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, NULL, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(UINT32_MAX, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, NULL, 0), -EINVAL);
}
END_TEST

/* ---- DMA ---- */

START_TEST(dma_round_trip)
{
	uint8_t buf[0x3000], back[0x3000];
	int fd = ram(0x8000), i;
	uint64_t v = 0x0123456789abcdef, r = 0, *p;

	for (i = 0; i < 0x3000; i++)
		buf[i] = (uint8_t)(i * 7);
	/* Two ranges that touch, of two parts of the file in the other order. */
	ck_assert_int_eq(dma_map(0x100000, 0x2000, 0x4000, fd, RW), 0);
	ck_assert_int_eq(dma_map(0x102000, 0x2000, 0x0000, fd, RW), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x100800, buf, sizeof(buf), true), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x100800, back, sizeof(back), false), 0);
	ck_assert_mem_eq(buf, back, sizeof(buf));
	ck_assert_int_eq(pread(fd, back, 0x1800, 0x4800), 0x1800);
	ck_assert_mem_eq(back, buf, 0x1800);
	ck_assert_int_eq(pread(fd, back, 0x1800, 0), 0x1800);
	ck_assert_mem_eq(back, buf + 0x1800, 0x1800);

	ck_assert_int_eq(vfio_user_dma_access(vu, 0x103ff8, &v, 8, true), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x103ff8, &r, 8, false), 0);
	ck_assert_uint_eq(r, v);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x103ff9, &r, 8, false), -EFAULT);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0xffff8, &r, 16, false), -EFAULT);
	ck_assert_int_eq(vfio_user_dma_access(vu, UINT64_MAX - 3, &r, 8, false), -EFAULT);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x100000, &r, 0, false), 0);

	/* In place: only inside one range. */
	vfio_user_dma_enter(vu);
	p = vfio_user_dma_pointer(vu, 0x101ff8, 8, true);
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_null(vfio_user_dma_pointer(vu, 0x101ff8, 9, true));
	ck_assert_ptr_null(vfio_user_dma_pointer(vu, 0xfffff, 2, true));
	ck_assert_ptr_null(vfio_user_dma_pointer(vu, 0x104000, 1, false));
	ck_assert_ptr_null(vfio_user_dma_pointer(vu, 0x100000, 0, false));
	*p = v;
	vfio_user_dma_leave(vu);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x101ff8, &r, 8, false), 0);
	ck_assert_uint_eq(r, v);
	close(fd);
}
END_TEST

START_TEST(dma_permissions)
{
	int fd = ram(0x4000);
	uint32_t v = 1;

	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0, fd, VFIO_DMA_MAP_FLAG_READ), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x1000, &v, 4, false), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x1000, &v, 4, true), -EACCES);
	/* Not shared with the server: known, but out of its reach. */
	ck_assert_int_eq(dma_map(0x2000, 0x1000, 0, -1, RW), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x2000, &v, 4, false), -EFAULT);
	ck_assert_int_eq(dma_unmap(0x2000, 0x1000, 0), 0);
	close(fd);
}
END_TEST

START_TEST(dma_map_nonsense)
{
	struct vu_dma_map_args a = { sizeof(a), RW, 0, 0, 0x1000 };
	int fd = ram(0x4000), ro = open("/proc/self/exe", O_RDONLY), pipes[2];

	ck_assert_int_eq(dma_map(0x1000, 0, 0, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1800, 0x1000, 0, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x800, 0, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0x800, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0, fd, RW | 0x80), -EINVAL);
	ck_assert_int_eq(dma_map(UINT64_MAX - 0xfff, 0x2000, 0, fd, RW), -EINVAL);
	/* Beyond the end of the file an access would be fatal to the server. */
	ck_assert_int_eq(dma_map(0x1000, 0x5000, 0, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0x4000, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, UINT64_MAX - 0xfff, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0, ro, RW), -EACCES);
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_lt(dma_map(0x1000, 0x1000, 0, pipes[0], RW), 0);
	ck_assert_int_eq(call(VU_DMA_MAP, &a, 16, NULL, 0), -EINVAL);
	a.argsz = 4;
	ck_assert_int_eq(call(VU_DMA_MAP, &a, sizeof(a), NULL, 0), -EINVAL);
	/* Overlaps of every kind. */
	ck_assert_int_eq(dma_map(0x2000, 0x2000, 0, fd, RW), 0);
	ck_assert_int_eq(dma_map(0x2000, 0x2000, 0, fd, RW), -EEXIST);
	ck_assert_int_eq(dma_map(0x1000, 0x2000, 0, fd, RW), -EEXIST);
	ck_assert_int_eq(dma_map(0x3000, 0x2000, 0, fd, RW), -EEXIST);
	ck_assert_int_eq(dma_map(0x1000, 0x4000, 0, fd, RW), -EEXIST);
	ck_assert_int_eq(dma_map(0x4000, 0x1000, 0, fd, RW), 0);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0, fd, RW), 0);
	close(fd);
	close(ro);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

START_TEST(dma_unmap_kinds)
{
	int fd = ram(0x10000);
	uint32_t v = 7;

	/* What was never mapped counts as unmapped: an emulated IOMMU asks for it. */
	ck_assert_int_eq(dma_unmap(0, 1ull << 48, 0), 0);
	ck_assert_int_eq(dma_unmap(0xfee00000, 0x100000, 0), 0);
	ck_assert_int_eq(dma_unmap(0, UINT64_MAX, 0), 0);
	ck_assert_int_eq(dma_unmap(0, 0, 0), -EINVAL);
	ck_assert_int_eq(dma_unmap(UINT64_MAX, 2, 0), -EINVAL);
	ck_assert_int_eq(dma_unmap(0x1000, 0x1000, VFIO_DMA_UNMAP_FLAG_ALL), -EINVAL);
	ck_assert_int_eq(dma_unmap(0, 0x1000, 0x80), -EINVAL);

	/* A hole in the middle leaves both ends, at the right places. */
	ck_assert_int_eq(dma_map(0x10000, 0x10000, 0, fd, RW), 0);
	ck_assert_int_eq(dma_unmap(0x14000, 0x4000, 0), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x14000, &v, 4, true), -EFAULT);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x17ffc, &v, 4, true), -EFAULT);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x13ffc, &v, 4, true), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x18000, &v, 4, true), 0);
	v = 0;
	ck_assert_int_eq(pread(fd, &v, 4, 0x8000), 4);
	ck_assert_uint_eq(v, 7);
	/* Ends cut off, then a range over all that is left. */
	ck_assert_int_eq(dma_unmap(0xf000, 0x2000, 0), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x11000, &v, 4, false), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x10ffc, &v, 4, false), -EFAULT);
	ck_assert_int_eq(dma_unmap(0x1f000, 0x8000, 0), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x1effc, &v, 4, false), 0);
	ck_assert_int_eq(dma_unmap(0x12800, 0x100, 0), -EINVAL);
	ck_assert_int_eq(dma_unmap(0x8000, 0x100000, 0), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x18000, &v, 4, false), -EFAULT);

	ck_assert_int_eq(dma_map(0x10000, 0x1000, 0, fd, RW), 0);
	ck_assert_int_eq(dma_map(0x40000, 0x1000, 0, fd, RW), 0);
	ck_assert_int_eq(dma_unmap(0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x40000, &v, 4, false), -EFAULT);
	close(fd);
}
END_TEST

START_TEST(dma_many_ranges)
{
	int fd = ram(0x1000);
	uint32_t v = 0, i;

	/* Mapped in an order that is neither up nor down. */
	for (i = 0; i < 1024; i++)
		ck_assert_int_eq(dma_map(0x10000 + (uint64_t)((i * 389) % 1024) * 0x2000, 0x1000, 0,
					 fd, RW), 0);
	for (i = 0; i < 1024; i++) {
		ck_assert_int_eq(vfio_user_dma_access(vu, 0x10000 + i * 0x2000ull, &v, 4, false),
				 0);
		ck_assert_int_eq(vfio_user_dma_access(vu, 0x11000 + i * 0x2000ull, &v, 4, false),
				 -EFAULT);
	}
	close(fd);
}
END_TEST

static bool stop_engine;

static void *engine(void *arg)
{
	uint8_t buf[4096];
	uint64_t *done = arg;

	while (!__atomic_load_n(&stop_engine, __ATOMIC_RELAXED)) {
		memset(buf, 0xee, sizeof(buf));
		if (!vfio_user_dma_access(vu, 0x100000, buf, sizeof(buf), true))
			(*done)++;
	}
	return NULL;
}

START_TEST(dma_unmap_waits_for_engines)
{
	uint64_t done[2] = { 0 };
	pthread_t t[2];
	struct timespec a, b;
	int fd = ram(0x1000), i;
	long worst = 0;

	stop_engine = false;
	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, engine, &done[i]);
	for (i = 0; i < 300; i++) {
		uint8_t zero[4096] = { 0 }, seen[4096];
		long us;

		ck_assert_int_eq(dma_map(0x100000, 0x1000, 0, fd, RW), 0);
		usleep(100);
		clock_gettime(CLOCK_MONOTONIC, &a);
		ck_assert_int_eq(dma_unmap(0x100000, 0x1000, 0), 0);
		clock_gettime(CLOCK_MONOTONIC, &b);
		us = (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000;
		worst = us > worst ? us : worst;
		/* From here on nobody may write: the page stays as we leave it. */
		ck_assert_int_eq(pwrite(fd, zero, 4096, 0), 4096);
		usleep(50);
		ck_assert_int_eq(pread(fd, seen, 4096, 0), 4096);
		ck_assert_mem_eq(seen, zero, 4096);
	}
	__atomic_store_n(&stop_engine, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	ck_assert_msg(done[0] && done[1], "the engines never ran");
	ck_assert_msg(worst < 1000000, "an unmap took %ld us", worst);
	close(fd);
}
END_TEST

int main(void)
{
	const struct TTest *const tests[] = {
		irq_delivery, irq_mask, irq_to_dead_pipe, irq_nonsense, dma_round_trip,
		dma_permissions, dma_map_nonsense, dma_unmap_kinds, dma_many_ranges,
		dma_unmap_waits_for_engines, NULL };
	Suite *s = suite_create("vfio_user_dma");

	vfio_user_add_tests(s, "agreed", setup_agreed, tests);
	return unit_run(s, "test_vfio_user_dma");
}
