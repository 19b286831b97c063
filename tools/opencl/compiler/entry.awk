# SPDX-License-Identifier: GPL-2.0-only
#
# entry.awk - of a program's kernels (LLVM IR with the metadata of -cl-kernel-arg-info):
# their bodies in OpenCL C, to file `body`, and their entries in assembler, to `entry`

# Adds the parts of "!12 = !{...}" to list, without types and quotes; how many there are.
function parts(node, list,	text, n, i)
{
	text = nodes[node]
	sub(/^!\{/, "", text)
	sub(/\}$/, "", text)
	if (text == "")
		return 0
	n = split(text, list, /, (!"|i32 )/)
	for (i = 1; i <= n; i++) {
		sub(/^(!"|i32 )/, "", list[i])
		sub(/"$/, "", list[i])
	}
	return n
}

/^define .*spir_kernel void @/ {
	name = $0
	sub(/.*spir_kernel void @/, "", name)
	sub(/\(.*/, "", name)
	kernels[++count] = name
	n = split($0, words, " ")
	for (i = 1; i < n; i++) {
		if (words[i] ~ /^!(kernel_arg_(addr_space|type)|reqd_work_group_size)$/)
			metadata[name, words[i]] = words[i + 1]
	}
}

/^![0-9]+ = !\{/ {
	node = $1
	sub(/^[^=]*= /, "")
	nodes[node] = $0
}

END {
	print "" >body
	if (count)
		print "static inline ulong refgpu_local_base(void) { ulong at; __asm__(\"mv %0, tp\" : \"=r\"(at)); return at; }" >body
	print "\t.text" >entry
	for (k = 1; k <= count; k++) {
		name = kernels[k]
		n = parts(metadata[name, "!kernel_arg_addr_space"], spaces)
		parts(metadata[name, "!kernel_arg_type"], types)
		group = parts(metadata[name, "!reqd_work_group_size"], sizes) ? sizes[1] ", " sizes[2] ", " sizes[3] : "0, 0, 0"
		members = call = info = ""
		for (i = 1; i <= n; i++) {
			member = "a" i
			if (types[i] ~ /\*$/) {
				type = "ulong"
				value = spaces[i] == 3 ? "(__local void *)(refgpu_local_base() + a->" member ")" : \
					(spaces[i] == 2 ? "(__constant void *)a->" : "(__global void *)a->") member
			} else {
				type = types[i]
				value = "a->" member
			}
			members = members "\t" type " " member ";\n"
			call = call (i > 1 ? ", " : "") value
			info = info ", " spaces[i] + 0 ", sizeof(" type "), __builtin_offsetof(struct refgpu_arguments_" name ", " member ")"
		}
		printf "struct refgpu_arguments_%s {\n\tulong refgpu_head[10];\n%s};\n", name, members >body
		printf "__constant uint refgpu_info_%s[] __attribute__((used)) = { %d%s, sizeof(struct refgpu_arguments_%s), %s };\n", name, n, info, name, group >body
		printf "void refgpu_body_%s(__global struct refgpu_arguments_%s *a);\n", name, name >body
		printf "void refgpu_body_%s(__global struct refgpu_arguments_%s *a)\n{\n\t%s(%s);\n}\n", name, name, name, call >body
		printf "\t.globl refgpu_entry_%s\n\t.p2align 2\nrefgpu_entry_%s:\n", name, name >entry
		# struct image_head: gp is the arguments, tp the group's local memory.
		print "\tmv gp, a0\n\tld t0, 0(gp)\n\tld t1, 8(gp)\n\tld t2, 16(gp)\n\tld t3, 24(gp)" >entry
		print "\taddi t4, sp, -1\n\tsub t4, t4, t2\n\tdivu t4, t4, t3\n\tmul t4, t4, t1\n\tadd tp, t0, t4" >entry
		printf "\ttail refgpu_body_%s\n", name >entry
	}
}
