// SPDX-License-Identifier: GPL-2.0-only
/*
 * hart.c - interpreter of one RV64IMF hart
 *
 * Numbers are unsigned throughout: a guest chooses every operand, and signed
 * overflow or a shift of a negative number would be undefined behaviour.
 */
#include <string.h>

#include "cpu/hart.h"
#include "cpu/hart_float.h"
#include "refgpu_hw.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a partition's memory is little endian, and so must the host be"
#endif

#define INSTRUCTION_ECALL	0x00000073U
#define INSTRUCTION_EBREAK	0x00100073U

#define CSR_FFLAGS	0x001
#define CSR_FRM		0x002
#define CSR_FCSR	0x003
#define CSR_CYCLE	0xc00
#define CSR_TIME	0xc01
#define CSR_INSTRET	0xc02

/* Index of the main switch: major opcode and funct3. */
#define AT(opcode, funct3)	((opcode) >> 2 | (funct3) << 5)
#define AT_EVERY(opcode)		\
	AT(opcode, 0) :			\
	case AT(opcode, 1):		\
	case AT(opcode, 2):		\
	case AT(opcode, 3):		\
	case AT(opcode, 4):		\
	case AT(opcode, 5):		\
	case AT(opcode, 6):		\
	case AT(opcode, 7)

static inline u64 extend32(u32 value)
{
	return (u64)(s64)(s32)value;
}

static inline u64 immediate_i(u32 instruction)
{
	return (u64)(s64)((s32)instruction >> 20);
}

static inline u64 immediate_s(u32 instruction)
{
	return (u64)(s64)((s32)(instruction & 0xfe000000U) >> 20) | (instruction >> 7 & 0x1f);
}

static inline u64 immediate_b(u32 instruction)
{
	return (u64)(s64)((s32)(instruction & 0x80000000U) >> 19) | (instruction << 4 & 0x800) |
	       (instruction >> 20 & 0x7e0) | (instruction >> 7 & 0x1e);
}

static inline u64 immediate_u(u32 instruction)
{
	return extend32(instruction & 0xfffff000U);
}

static inline u64 immediate_j(u32 instruction)
{
	return (u64)(s64)((s32)(instruction & 0x80000000U) >> 11) | (instruction & 0xff000) |
	       (instruction >> 9 & 0x800) | (instruction >> 20 & 0x7fe);
}

/*
 * An access that memory_translate() refused whole may still be one that lies
 * across two pages of system memory. Both are translated before a byte moves,
 * so that a store that faults has stored nothing.
 */
static bool split_access(struct memory_view *view, u64 address, void *data, unsigned int length,
			 bool write)
{
	unsigned int first = REFGPU_PAGE_SIZE - (address & (REFGPU_PAGE_SIZE - 1));
	u8 *low, *high;

	if (address < REFGPU_SYSMEM_APERTURE || first >= length || address + length < address)
		return false;
	low = memory_translate(view, address, first, write);
	if (!low)
		return false;
	high = memory_translate(view, address + first, length - first, write);
	if (!high)
		return false;
	if (write) {
		memcpy(low, data, first);
		memcpy(high, (u8 *)data + first, length - first);
	} else {
		memcpy(data, low, first);
		memcpy((u8 *)data + first, high, length - first);
	}
	return true;
}

/*
 * Memory that @pc lies in, so that fetching an instruction is one comparison.
 * A page at a time, but where a page is refused (an uncorrectable error
 * somewhere in it) an instruction at a time.
 */
static bool move_window(struct hart_environment *environment, u64 pc)
{
	struct hart_window *window = &environment->window;

	window->base = pc & ~(REFGPU_PAGE_SIZE - 1);
	window->size = REFGPU_PAGE_SIZE;
	window->host = memory_translate(environment->view, window->base, window->size, false);
	if (unlikely(!window->host)) {
		window->base = pc;
		window->size = 4;
		window->host = memory_translate(environment->view, pc, 4, false);
		if (!window->host)
			window->size = 0;
	}
	return window->host;
}

static u64 divide(u64 a, u64 b, unsigned int funct3)
{
	const u64 lowest = 1ULL << 63;
	bool remainder = funct3 & 2;

	if (!b)
		return remainder ? a : ~0ULL;
	if (funct3 & 1)
		return remainder ? a % b : a / b;
	if (a == lowest && b == ~0ULL)
		return remainder ? 0 : lowest;
	return remainder ? (u64)((s64)a % (s64)b) : (u64)((s64)a / (s64)b);
}

static u64 divide_word(u32 a, u32 b, unsigned int funct3)
{
	const u32 lowest = 1U << 31;
	bool remainder = funct3 & 2;

	if (!b)
		return remainder ? extend32(a) : ~0ULL;
	if (funct3 & 1)
		return extend32(remainder ? a % b : a / b);
	if (a == lowest && b == ~0U)
		return remainder ? 0 : extend32(lowest);
	return extend32(remainder ? (u32)((s32)a % (s32)b) : (u32)((s32)a / (s32)b));
}

/* OP: register-register, with M. */
static bool compute(u32 instruction, u64 a, u64 b, u64 *result)
{
	unsigned int funct3 = instruction >> 12 & 7;

	switch (instruction >> 25) {
	case 0x00:
		switch (funct3) {
		case 0:
			*result = a + b;
			return true;
		case 1:
			*result = a << (b & 63);
			return true;
		case 2:
			*result = (s64)a < (s64)b;
			return true;
		case 3:
			*result = a < b;
			return true;
		case 4:
			*result = a ^ b;
			return true;
		case 5:
			*result = a >> (b & 63);
			return true;
		case 6:
			*result = a | b;
			return true;
		default:
			*result = a & b;
			return true;
		}
	case 0x20:
		if (funct3 == 0)
			*result = a - b;
		else if (funct3 == 5)
			*result = (u64)((s64)a >> (b & 63));
		else
			return false;
		return true;
	case 0x01:
		switch (funct3) {
		case 0:
			*result = a * b;
			return true;
		case 1:
			*result = (u64)((__uint128_t)((__int128)(s64)a * (s64)b) >> 64);
			return true;
		case 2:
			/* A negative a was taken for a number 2^64 too large. */
			*result = (u64)((__uint128_t)a * b >> 64) - ((s64)a < 0 ? b : 0);
			return true;
		case 3:
			*result = (u64)((__uint128_t)a * b >> 64);
			return true;
		default:
			*result = divide(a, b, funct3);
			return true;
		}
	default:
		return false;
	}
}

/* OP-32: the same on the low words. */
static bool compute_word(u32 instruction, u32 a, u32 b, u64 *result)
{
	unsigned int funct3 = instruction >> 12 & 7;

	switch (instruction >> 25 << 3 | funct3) {
	case 0x00 << 3 | 0:
		*result = extend32(a + b);
		return true;
	case 0x00 << 3 | 1:
		*result = extend32(a << (b & 31));
		return true;
	case 0x00 << 3 | 5:
		*result = extend32(a >> (b & 31));
		return true;
	case 0x20 << 3 | 0:
		*result = extend32(a - b);
		return true;
	case 0x20 << 3 | 5:
		*result = extend32((u32)((s32)a >> (b & 31)));
		return true;
	case 0x01 << 3 | 0:
		*result = extend32(a * b);
		return true;
	case 0x01 << 3 | 4:
	case 0x01 << 3 | 5:
	case 0x01 << 3 | 6:
	case 0x01 << 3 | 7:
		*result = divide_word(a, b, funct3);
		return true;
	default:
		return false;
	}
}

/* Bits 31:27 of an atomic instruction. */
#define FUNCTION_ADD	0x00
#define FUNCTION_SWAP	0x01
#define FUNCTION_LR	0x02
#define FUNCTION_SC	0x03
#define FUNCTION_XOR	0x04
#define FUNCTION_OR	0x08
#define FUNCTION_AND	0x0c
#define FUNCTION_MIN	0x10
#define FUNCTION_MAX	0x14
#define FUNCTION_MINU	0x18
#define FUNCTION_MAXU	0x1c

static bool is_atomic_function(unsigned int function)
{
	return function <= FUNCTION_XOR || (!(function & 3) && function <= FUNCTION_MAXU);
}

static u32 combine(unsigned int function, u32 old, u32 operand)
{
	switch (function) {
	case FUNCTION_SWAP:
		return operand;
	case FUNCTION_ADD:
		return old + operand;
	case FUNCTION_XOR:
		return old ^ operand;
	case FUNCTION_OR:
		return old | operand;
	case FUNCTION_AND:
		return old & operand;
	case FUNCTION_MIN:
		return (s32)old < (s32)operand ? old : operand;
	case FUNCTION_MAX:
		return (s32)old > (s32)operand ? old : operand;
	case FUNCTION_MINU:
		return old < operand ? old : operand;
	default:
		return old > operand ? old : operand;
	}
}

/*
 * LR.W, SC.W, AMO*.W. All are sequentially consistent, with any aq and rl.
 * Atomic against other engines of the device and against the machine's CPUs.
 */
static u32 atomic_word(struct hart *hart, struct memory_view *view, u32 instruction,
		       u64 *result, u64 *refused)
{
	unsigned int function = instruction >> 27;
	u64 address = hart->x[instruction >> 15 & 31];
	u32 operand = (u32)hart->x[instruction >> 20 & 31];
	bool is_load = function == FUNCTION_LR;
	u32 old, new, *word;

	if (!is_atomic_function(function) || (is_load && instruction >> 20 & 31))
		return REFGPU_ERROR_INSTRUCTION;
	*refused = address;
	if (address & 3)
		return REFGPU_ERROR_MISALIGNED;
	word = memory_translate(view, address, sizeof(*word), !is_load);
	if (!word)
		return memory_refused_error(view, is_load ? REFGPU_ERROR_LOAD : REFGPU_ERROR_STORE);

	if (is_load) {
		old = __atomic_load_n(word, __ATOMIC_SEQ_CST);
		hart->reserved = 1;
		hart->reserved_address = address;
		hart->reserved_value = old;
		*result = extend32(old);
		return REFGPU_ERROR_NONE;
	}
	if (function == FUNCTION_SC) {
		old = hart->reserved_value;
		*result = !(hart->reserved && hart->reserved_address == address &&
			    __atomic_compare_exchange_n(word, &old, operand, false,
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
		hart->reserved = 0;
		return REFGPU_ERROR_NONE;
	}
	old = __atomic_load_n(word, __ATOMIC_RELAXED);
	do {
		new = combine(function, old, operand);
	} while (!__atomic_compare_exchange_n(word, &old, new, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	*result = extend32(old);
	return REFGPU_ERROR_NONE;
}

static bool read_csr(const struct hart *hart, const struct hart_environment *environment,
		     unsigned int csr, u64 *value)
{
	const struct hart_ids *ids = &environment->ids;
	unsigned int d = csr & 3;
	u32 local[3];

	switch (csr) {
	case CSR_FFLAGS:
		*value = hart->fcsr & 0x1f;
		return true;
	case CSR_FRM:
		*value = hart->fcsr >> 5;
		return true;
	case CSR_FCSR:
		*value = hart->fcsr;
		return true;
	case CSR_CYCLE:
	case CSR_INSTRET:
		*value = hart->retired;
		return true;
	case CSR_TIME:
		*value = environment->time(environment->time_context);
		return true;
	}
	if (csr < REFGPU_CSR_GLOBAL_ID(0) || csr > REFGPU_CSR_GROUP(2) || d == 3)
		return false;
	local[0] = ids->item % ids->group[0];
	local[1] = ids->item / ids->group[0] % ids->group[1];
	local[2] = ids->item / ids->group[0] / ids->group[1];
	switch (csr - d) {
	case REFGPU_CSR_GLOBAL_ID(0):
		*value = (u64)ids->group_id[d] * ids->group[d] + local[d];
		return true;
	case REFGPU_CSR_LOCAL_ID(0):
		*value = local[d];
		return true;
	case REFGPU_CSR_GROUP_ID(0):
		*value = ids->group_id[d];
		return true;
	case REFGPU_CSR_GRID(0):
		*value = ids->grid[d];
		return true;
	default:
		*value = ids->group[d];
		return true;
	}
}

/* SYSTEM with funct3 not 0. @hart->retired is up to date. */
static bool access_csr(struct hart *hart, struct hart_environment *environment, u32 instruction,
		       u64 *result)
{
	unsigned int csr = instruction >> 20, source = instruction >> 15 & 31;
	unsigned int function = instruction >> 12 & 3;
	u64 operand = instruction & 0x4000 ? source : hart->x[source];
	bool writes = function == 1 || source;
	u64 old;

	hart_float_settle(hart, &environment->host_float);
	if (!function || !read_csr(hart, environment, csr, &old))
		return false;
	*result = old;
	if (!writes)
		return true;
	if (csr > CSR_FCSR)
		return false; /* the others are read-only */
	if (function == 2)
		operand |= old;
	else if (function == 3)
		operand = old & ~operand;
	switch (csr) {
	case CSR_FFLAGS:
		hart->fcsr = (hart->fcsr & 0xe0) | (operand & 0x1f);
		break;
	case CSR_FRM:
		hart->fcsr = (hart->fcsr & 0x1f) | (operand & 7) << 5;
		break;
	default:
		hart->fcsr = (u8)operand;
		break;
	}
	return true;
}

void hart_start(struct hart *hart, u64 code, u64 argument, u64 stack)
{
	memset(hart, 0, sizeof(*hart));
	hart->pc = code;
	hart->x[1] = REFGPU_EXIT_ADDRESS;
	hart->x[2] = stack;
	hart->x[10] = argument;
}

/* Access memory or go to where the fault is reported. */
#define LOAD(type, where)						\
	({								\
		u64 load_address = (where);				\
		void *load_host = memory_translate(view, load_address,	\
						   sizeof(type), false); \
		type load_value;					\
									\
		if (likely(load_host)) {				\
			memcpy(&load_value, load_host, sizeof(type));	\
		} else if (!split_access(view, load_address, &load_value, \
					 sizeof(type), false)) {	\
			error = memory_refused_error(view, REFGPU_ERROR_LOAD);	\
			refused = load_address;				\
			goto faulted;					\
		}							\
		load_value;						\
	})

#define STORE(type, where, what)					\
	({								\
		u64 store_address = (where);				\
		void *store_host = memory_translate(view, store_address, \
						    sizeof(type), true); \
		type store_value = (type)(what);			\
									\
		if (likely(store_host)) {				\
			memcpy(store_host, &store_value, sizeof(type));	\
		} else if (!split_access(view, store_address, &store_value, \
					 sizeof(type), true)) {		\
			error = memory_refused_error(view, REFGPU_ERROR_STORE);	\
			refused = store_address;			\
			goto faulted;					\
		}							\
	})

enum hart_status hart_run(struct hart *hart, struct hart_environment *environment,
			  u64 budget, struct hart_fault *fault)
{
	struct memory_view *view = environment->view;
	struct hart_window *window = &environment->window;
	enum hart_status status = HART_READY;
	u64 *x = hart->x;
	u64 left = budget, pc = hart->pc, next, offset, refused = 0;
	u32 instruction, error;

	while (left) {
		offset = pc - window->base;
		if (unlikely(offset >= window->size)) {
			if (pc == REFGPU_EXIT_ADDRESS) {
				status = HART_EXITED;
				break;
			}
			if (!move_window(environment, pc)) {
				error = memory_refused_error(view, REFGPU_ERROR_FETCH);
				refused = pc;
				goto faulted;
			}
			offset = pc - window->base;
		}
		memcpy(&instruction, window->host + offset, sizeof(instruction));
		next = pc + 4;
		if (unlikely((instruction & 3) != 3))
			goto illegal;

#define RD	x[instruction >> 7 & 31]
#define RS1	x[instruction >> 15 & 31]
#define RS2	x[instruction >> 20 & 31]
#define ADDRESS_I	(RS1 + immediate_i(instruction))
#define ADDRESS_S	(RS1 + immediate_s(instruction))

		switch ((instruction >> 2 & 0x1f) | (instruction >> 7 & 0xe0)) {
		case AT(0x03, 0): /* LB */
			RD = (u64)(s64)LOAD(s8, ADDRESS_I);
			break;
		case AT(0x03, 1): /* LH */
			RD = (u64)(s64)LOAD(s16, ADDRESS_I);
			break;
		case AT(0x03, 2): /* LW */
			RD = (u64)(s64)LOAD(s32, ADDRESS_I);
			break;
		case AT(0x03, 3): /* LD */
			RD = LOAD(u64, ADDRESS_I);
			break;
		case AT(0x03, 4): /* LBU */
			RD = LOAD(u8, ADDRESS_I);
			break;
		case AT(0x03, 5): /* LHU */
			RD = LOAD(u16, ADDRESS_I);
			break;
		case AT(0x03, 6): /* LWU */
			RD = LOAD(u32, ADDRESS_I);
			break;
		case AT(0x07, 2): /* FLW */
			hart->f[instruction >> 7 & 31] = LOAD(u32, ADDRESS_I);
			break;
		case AT(0x0b, 0): /* custom-0 */
			if (instruction != REFGPU_INSTRUCTION_BARRIER)
				goto illegal;
			left--;
			pc = next;
			status = HART_BARRIER;
			goto stopped;
		case AT(0x0f, 0): /* FENCE */
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
			break;
		case AT(0x0f, 1): /* FENCE.I: nothing decoded is kept */
			break;
		case AT(0x13, 0): /* ADDI */
			RD = ADDRESS_I;
			break;
		case AT(0x13, 1): /* SLLI */
			if (instruction >> 26)
				goto illegal;
			RD = RS1 << (instruction >> 20 & 63);
			break;
		case AT(0x13, 2): /* SLTI */
			RD = (s64)RS1 < (s64)immediate_i(instruction);
			break;
		case AT(0x13, 3): /* SLTIU */
			RD = immediate_i(instruction) > RS1;
			break;
		case AT(0x13, 4): /* XORI */
			RD = RS1 ^ immediate_i(instruction);
			break;
		case AT(0x13, 5): /* SRLI, SRAI */
			if (instruction >> 26 == 0)
				RD = RS1 >> (instruction >> 20 & 63);
			else if (instruction >> 26 == 0x10)
				RD = (u64)((s64)RS1 >> (instruction >> 20 & 63));
			else
				goto illegal;
			break;
		case AT(0x13, 6): /* ORI */
			RD = RS1 | immediate_i(instruction);
			break;
		case AT(0x13, 7): /* ANDI */
			RD = RS1 & immediate_i(instruction);
			break;
		case AT_EVERY(0x17): /* AUIPC */
			RD = pc + immediate_u(instruction);
			break;
		case AT(0x1b, 0): /* ADDIW */
			RD = extend32((u32)ADDRESS_I);
			break;
		case AT(0x1b, 1): /* SLLIW */
			if (instruction >> 25)
				goto illegal;
			RD = extend32((u32)RS1 << (instruction >> 20 & 31));
			break;
		case AT(0x1b, 5): /* SRLIW, SRAIW */
			if (instruction >> 25 == 0)
				RD = extend32((u32)RS1 >> (instruction >> 20 & 31));
			else if (instruction >> 25 == 0x20)
				RD = extend32((u32)((s32)RS1 >> (instruction >> 20 & 31)));
			else
				goto illegal;
			break;
		case AT(0x23, 0): /* SB */
			STORE(u8, ADDRESS_S, RS2);
			break;
		case AT(0x23, 1): /* SH */
			STORE(u16, ADDRESS_S, RS2);
			break;
		case AT(0x23, 2): /* SW */
			STORE(u32, ADDRESS_S, RS2);
			break;
		case AT(0x23, 3): /* SD */
			STORE(u64, ADDRESS_S, RS2);
			break;
		case AT(0x27, 2): /* FSW */
			STORE(u32, ADDRESS_S, hart->f[instruction >> 20 & 31]);
			break;
		case AT(0x2f, 2): /* LR.W, SC.W, AMO*.W */
			error = atomic_word(hart, view, instruction, &offset, &refused);
			if (error)
				goto faulted;
			RD = offset;
			break;
		case AT_EVERY(0x33): /* OP */
			if (!compute(instruction, RS1, RS2, &RD))
				goto illegal;
			break;
		case AT_EVERY(0x37): /* LUI */
			RD = immediate_u(instruction);
			break;
		case AT_EVERY(0x3b): /* OP-32 */
			if (!compute_word(instruction, (u32)RS1, (u32)RS2, &RD))
				goto illegal;
			break;
		case AT_EVERY(0x43):
		case AT_EVERY(0x47):
		case AT_EVERY(0x4b):
		case AT_EVERY(0x4f):
		case AT_EVERY(0x53):
			if (!hart_float_execute(hart, &environment->host_float, instruction))
				goto illegal;
			break;
		case AT(0x63, 0): /* BEQ */
			if (RS1 == RS2)
				next = pc + immediate_b(instruction);
			goto check_target;
		case AT(0x63, 1): /* BNE */
			if (RS1 != RS2)
				next = pc + immediate_b(instruction);
			goto check_target;
		case AT(0x63, 4): /* BLT */
			if ((s64)RS1 < (s64)RS2)
				next = pc + immediate_b(instruction);
			goto check_target;
		case AT(0x63, 5): /* BGE */
			if ((s64)RS1 >= (s64)RS2)
				next = pc + immediate_b(instruction);
			goto check_target;
		case AT(0x63, 6): /* BLTU */
			if (RS1 < RS2)
				next = pc + immediate_b(instruction);
			goto check_target;
		case AT(0x63, 7): /* BGEU */
			if (RS1 >= RS2)
				next = pc + immediate_b(instruction);
			goto check_target;
		case AT(0x67, 0): /* JALR */
			next = ADDRESS_I & ~1ULL;
			if (unlikely(next & 3))
				goto misaligned_target;
			RD = pc + 4;
			break;
		case AT_EVERY(0x6f): /* JAL */
			next = pc + immediate_j(instruction);
			if (unlikely(next & 3))
				goto misaligned_target;
			RD = pc + 4;
			break;
check_target:
			if (unlikely(next & 3))
				goto misaligned_target;
			break;
		case AT(0x73, 0): /* ECALL, EBREAK */
			if (instruction != INSTRUCTION_EBREAK)
				goto illegal;
			error = REFGPU_ERROR_BREAKPOINT;
			goto faulted;
		case AT(0x73, 1):
		case AT(0x73, 2):
		case AT(0x73, 3):
		case AT(0x73, 5):
		case AT(0x73, 6):
		case AT(0x73, 7):
			hart->retired += budget - left;
			budget = left;
			if (!access_csr(hart, environment, instruction, &offset))
				goto illegal;
			RD = offset;
			break;
		default:
			goto illegal;
		}
		x[0] = 0;
		pc = next;
		left--;
	}
	/* An exit costs nothing: look for it now, without more budget. */
	if (pc == REFGPU_EXIT_ADDRESS)
		status = HART_EXITED;
stopped:
	hart->pc = pc;
	hart->retired += budget - left;
	hart_float_settle(hart, &environment->host_float);
	return status;

misaligned_target:
	error = REFGPU_ERROR_FETCH;
	refused = next;
	goto faulted;
illegal:
	error = REFGPU_ERROR_INSTRUCTION;
faulted:
	if (error == REFGPU_ERROR_INSTRUCTION || error == REFGPU_ERROR_BREAKPOINT)
		refused = 0;
	fault->error = error;
	fault->address = refused;
	fault->pc = pc;
	x[0] = 0;
	status = HART_FAULTED;
	goto stopped;
}
