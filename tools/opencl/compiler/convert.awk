# SPDX-License-Identifier: GPL-2.0-only
#
# convert.awk - makes the functions convert_TYPE[_sat][_MODE](), of all types, in OpenCL C
#
# Vectors are made of halves. An integer that does not fit loses its upper bits or, with
# _sat, becomes the end of its range; of a float that does not fit the end is as good.

function integer(from, to, saturate)
{
	if (!saturate || from == to)
		return "(" to ")a"
	if (from == "ulong")
		return "a > (ulong)" largest[to] " ? " largest[to] " : (" to ")a"
	if (to == "ulong")
		return least[from] ? "a < 0 ? 0 : (ulong)a" : "(ulong)a"
	return "(long)a < (long)" least[to] " ? (" to ")" least[to] " : (long)a > (long)" largest[to] " ? (" to ")" largest[to] " : (" to ")a"
}

function from_float(to, mode)
{
	return "a != a ? 0 : " rounded[mode] "(a) <= (float)" least[to] " ? (" to ")" least[to] " : " \
		rounded[mode] "(a) >= (float)" largest[to] " ? (" to ")" largest[to] " : (" to ")" rounded[mode] "(a)"
}

function to_float(from, mode,	wide)
{
	if (mode == "" || mode == "_rte")
		return "(float)a"
	wide = least[from] ? "long" : "ulong"
	return "({ float r; __asm__(\"fcvt.s." (wide == "long" ? "l" : "lu") " %0, %1, " instruction[mode] "\" : \"=f\"(r) : \"r\"((" wide ")a)); r; })"
}

function vector(from, to, suffix, n, half)
{
	printf "%s%d OVERLOAD convert_%s%d%s(%s%d a) { return (%s%d)(", to, n, to, n, suffix, from, n, to, n
	if (n == 3)
		printf "convert_%s2%s(a.xy), convert_%s%s(a.z)", to, suffix, to, suffix
	else
		printf "convert_%s%s%s(a.lo), convert_%s%s%s(a.hi)", to, half, suffix, to, half, suffix
	print "); }"
}

BEGIN {
	count = split("char uchar short ushort int uint long ulong float", types, " ")
	split("CHAR 0 SHRT 0 INT 0 LONG 0", signed, " ")
	split("CHAR UCHAR SHRT USHRT INT UINT LONG ULONG", limits, " ")
	for (i = 1; i < count; i++) {
		least[types[i]] = signed[i] != "0" ? signed[i] "_MIN" : 0
		largest[types[i]] = limits[i] "_MAX"
	}
	split(" _rte _rtz _rtp _rtn", modes, " ")
	modes[0] = ""
	rounded[""] = rounded["_rtz"] = "trunc"
	rounded["_rte"] = "rint"
	rounded["_rtp"] = "ceil"
	rounded["_rtn"] = "floor"
	instruction["_rtz"] = "rtz"
	instruction["_rtp"] = "rup"
	instruction["_rtn"] = "rdn"
	for (i = 1; i <= count; i++)
		for (j = 1; j <= count; j++)
			for (m = 0; m <= 4; m++)
				for (saturate = 0; saturate <= (types[j] != "float"); saturate++) {
					from = types[i]
					to = types[j]
					if (from == "float")
						value = to == "float" ? "a" : from_float(to, modes[m])
					else if (to == "float")
						value = to_float(from, modes[m])
					else
						value = integer(from, to, saturate)
					suffix = (saturate ? "_sat" : "") modes[m]
					printf "%s OVERLOAD convert_%s%s(%s a) { return %s; }\n", to, to, suffix, from, value
					vector(from, to, suffix, 2, "")
					vector(from, to, suffix, 3, "")
					vector(from, to, suffix, 4, 2)
					vector(from, to, suffix, 8, 4)
					vector(from, to, suffix, 16, 8)
				}
}
