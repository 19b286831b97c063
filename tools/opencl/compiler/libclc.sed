# SPDX-License-Identifier: GPL-2.0-only
#
# libclc.sed - LLVM's libclc, built for another GPU, for ours (LLVM IR)
#
# Only functions of scalars are called (maths.cl): how vectors are passed differs.
# Names get a beginning of their own, so that nothing is taken from here by chance.
/^target /d
/^!llvm\.\(ident\|module\.flags\) =/d
s/ addrspace([0-9]*)//g
s/@_Z/@clc_Z/g
/^attributes /{
	s/"[a-z-]*"="[^"]*"//g
	s/alwaysinline//
}
