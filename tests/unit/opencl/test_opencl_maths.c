// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_opencl_maths.c - OpenCL's functions of floats, against the host's double ones
 */
#include <float.h>
#include <math.h>

#include "chance.h"
#include "opencl.h"

#define COUNT	2048u

/* Of half turns; where it is 0 pi is not exact enough. */
static double sin_pi(double x)
{
	double rest = remainder(x, 2);

	return rest == floor(rest) ? 0 : sin(M_PI * rest);
}

static double cos_pi(double x)
{
	double rest = remainder(x, 2);

	return fabs(rest) == 0.5 ? 0 : cos(M_PI * rest);
}

/* OpenCL's own: what is not certain is no number. */
static double powr_of(double x, double y)
{
	if ((y == 0 && (x == 0 || isinf(x))) || (x == 1 && isinf(y)))
		return NAN;
	return pow(x, y);
}

static double root_of(double x, int n)
{
	return x < 0 && n & 1 ? -pow(-x, 1.0 / n) : pow(x, 1.0 / n);
}

/*
 * Function of OpenCL, how far it may be off (units in the last place), and the host's.
 * OpenCL's limit of erfc() is 16: libclc misses it just below 8.
 */
#define FUNCTIONS(X)							\
	X(acos(x), 4, acos(x)) X(acosh(x), 4, acosh(x))			\
	X(acospi(x), 5, acos(x) / M_PI) X(asin(x), 4, asin(x))		\
	X(asinh(x), 4, asinh(x)) X(asinpi(x), 5, asin(x) / M_PI)	\
	X(atan(x), 5, atan(x)) X(atanh(x), 5, atanh(x))			\
	X(atanpi(x), 5, atan(x) / M_PI) X(atan2(x, y), 6, atan2(x, y))	\
	X(atan2pi(x, y), 6, atan2(x, y) / M_PI) X(cbrt(x), 2, cbrt(x))	\
	X(cos(x), 4, cos(x)) X(cosh(x), 4, cosh(x))			\
	X(cospi(x), 4, cos_pi(x)) X(erf(x), 16, erf(x))		\
	X(erfc(x), 64, erfc(x)) X(exp(x), 3, exp(x))			\
	X(exp2(x), 3, exp2(x)) X(exp10(x), 3, pow(10, x))		\
	X(expm1(x), 3, expm1(x)) X(fmod(x, y), 0, fmod(x, y))		\
	X(hypot(x, y), 4, hypot(x, y)) X(log(x), 3, log(x))		\
	X(log10(x), 3, log10(x)) X(log1p(x), 2, log1p(x))		\
	X(log2(x), 3, log2(x)) X(logb(x), 0, logb(x))			\
	X(ldexp(x, n), 0, ldexp(x, n)) X(pow(x, y), 16, pow(x, y))	\
	X(pown(x, n), 16, pow(x, n)) X(powr(fabs(x), y), 16, powr_of(fabs(x), y)) \
	X(rootn(x, n | 1), 16, root_of(x, n | 1))			\
	X(remainder(x, y), 0, remainder(x, y)) X(rsqrt(x), 2, 1 / sqrt(x)) \
	X(sin(x), 4, sin(x)) X(sinh(x), 4, sinh(x))			\
	X(sinpi(x), 4, sin_pi(x)) X(tan(x), 5, tan(x))		\
	X(tanh(x), 5, tanh(x))	\
	X(native_sin(x), 4, sin(x)) X(half_exp(x), 3, exp(x))

#define SOURCE(call, ulps, host) "	*out = " #call "; out += count;\n"
static const char source[] =
	"kernel void maths(global const float *xs, global const float *ys, global const int *ns,\n"
	"		   global float *out)\n"
	"{\n"
	"	size_t i = get_global_id(0), count = get_global_size(0);\n"
	"	float x = xs[i], y = ys[i];\n"
	"	int n = ns[i];\n"
	"	out += i;\n"
	FUNCTIONS(SOURCE)
	"}\n";

#define HOST(call, ulps, host) host,
static void host(double x, double y, int n, double *out)
{
	const double results[] = { FUNCTIONS(HOST) };

	memcpy(out, results, sizeof(results));
}

#define NAME(call, ulps, host) #call,
static const char * const names[] = { FUNCTIONS(NAME) };
#define ULPS(call, ulps, host) ulps,
static const double limits[] = { FUNCTIONS(ULPS) };
#define FUNCTION_COUNT	(sizeof(limits) / sizeof(limits[0]))

/* A normal number or 0: subnormal ones may be 0 for the device. */
static float number(void)
{
	union { uint32_t bits; float value; } all;

	if (one_in(20))
		return one_in(2) ? 0 : one_in(2) ? INFINITY : -INFINITY;
	if (one_in(2))
		return (float)((double)any(1 << 24) / (1 << 20) - 8);
	do {
		all.bits = (uint32_t)any(1ULL << 32);
	} while (!isnormal(all.value));
	return all.value;
}

/* How far a number is from the right one, in units of its last place. */
static double distance(double got, double right)
{
	const double nearly = FLT_MAX * (1 - 16 * FLT_EPSILON);
	int exponent;

	if (isnan(right) || isnan(got))
		return isnan(right) && isnan(got) ? 0 : INFINITY;
	if (got == right || (float)right == (float)got)
		return 0;
	/* What is too small may be 0, what nearly overflows may do so. */
	if (fabs(right) < 2 * FLT_MIN && fabs(got) < 2 * FLT_MIN)
		return 0;
	if (isinf(got))
		return fabs(right) > nearly && (got > 0) == (right > 0) ? 0 : INFINITY;
	if (fabs(right) > FLT_MAX)
		return fabs(got) > nearly && (got > 0) == (right > 0) ? 0 : INFINITY;
	frexp(right, &exponent);
	return fabs(got - right) / ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

START_TEST(functions_are_as_exact_as_opencl_says)
{
	static float x[COUNT], y[COUNT], out[FUNCTION_COUNT][COUNT];
	static int n[COUNT];
	cl_kernel kernel = kernel_of(source, "maths");
	cl_mem memory[4];
	unsigned int i, f;

	/* The same numbers each time: what is tested is how libclc came here, not libclc. */
	chance.state = 1;
	for (i = 0; i < COUNT; i++) {
		x[i] = number();
		y[i] = number();
		n[i] = (int)any(41) - 20;
	}
	memory[0] = buffer(sizeof(x), x);
	memory[1] = buffer(sizeof(y), y);
	memory[2] = buffer(sizeof(n), n);
	memory[3] = buffer(sizeof(out), NULL);
	for (i = 0; i < 4; i++)
		argument(kernel, i, sizeof(cl_mem), &memory[i]);
	run(kernel, COUNT, 64);
	fetch(memory[3], sizeof(out), out);
	for (i = 0; i < COUNT; i++) {
		double right[FUNCTION_COUNT];

		host(x[i], y[i], n[i], right);
		for (f = 0; f < FUNCTION_COUNT; f++) {
			double far = distance(out[f][i], right[f]);

			ck_assert_msg(far <= limits[f],
				      "%s: %.9g, not %.9g (x %a, y %a, n %d): %g units of %g",
				      names[f], out[f][i], right[f], x[i], y[i], n[i], far,
				      limits[f]);
		}
	}
	for (i = 0; i < 4; i++)
		GOOD(clReleaseMemObject(memory[i]));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opencl_maths");
	TCase *tests = tcase_create("maths");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, opencl_setup, opencl_teardown);
	tcase_add_test(tests, functions_are_as_exact_as_opencl_says);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_opencl_maths");
}
