/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hart_float.h - floating-point computation of a hart: OP-FP, F[N]MADD, F[N]MSUB
 */
#ifndef REFGPU_HART_FLOAT_H
#define REFGPU_HART_FLOAT_H

#include "cpu/hart.h"
#include "types.h"

/**
 * hart_float_execute() - execute an instruction of opcodes OP-FP and FMADD...
 * @hart: the hart
 * @host_float: of its environment
 * @instruction: the instruction
 *
 * Return: false if it is illegal; then nothing has changed.
 */
bool hart_float_execute(struct hart *hart, struct hart_float *host_float, u32 instruction);

/**
 * hart_float_settle() - move flags from the host's FPU to @hart and give it back
 * @hart: the hart that used it
 * @host_float: of its environment
 *
 * Before fcsr is looked at, and before another hart or code of the host runs.
 */
void hart_float_settle(struct hart *hart, struct hart_float *host_float);

#endif /* REFGPU_HART_FLOAT_H */
