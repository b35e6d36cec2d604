/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The path of an open file, by the way of d_path() in the kernel's fs/d_path.c: bpf_d_path() may be
 * called from few programs, and from none without trampolines.
 */
#ifndef SONDE_FILE_PATH_H
#define SONDE_FILE_PATH_H

#include "bpf/kernel_types.h"

#define PATH_DEPTH    28
#define NAME_BYTES    256 /* NAME_MAX and its NUL */
#define NAMES_MASK    511
#define NAMES_ON_HAND (NAMES_MASK + 1 + NAME_BYTES)

/*
 * Writes the names from the file up to the root of its mount namespace, NAMES_ON_HAND bytes at
 * most, and into `used` how many; 0 where the path is too long or deep, or is none. The count is
 * kept in the caller's memory, of which the verifier knows nothing: every round looks the same to
 * it, and it need not follow all the ways through all of them.
 */
static __always_inline void read_names(char *names, __u32 *used, struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *vfs = BPF_CORE_READ(file, f_path.mnt);
	struct mount *mount = (void *)vfs - bpf_core_field_offset(struct mount, mnt);

	*used = 0;
	for (int i = 0; i < PATH_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		long length;

		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount)
				return;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		if (parent == dentry || *used > NAMES_MASK)
			break;
		length = bpf_probe_read_kernel_str(names + (*used & NAMES_MASK), NAME_BYTES,
						   BPF_CORE_READ(dentry, d_name.name));
		if (length <= 1)
			break;
		*used += length;
		barrier();
		dentry = parent;
	}
	*used = 0;
}

#endif /* SONDE_FILE_PATH_H */
