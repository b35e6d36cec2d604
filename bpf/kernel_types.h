/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The few kernel structures that the programs look into. Only the named members matter: CO-RE
 * relocations find their place in the running kernel's BTF.
 */
#ifndef SONDE_KERNEL_TYPES_H
#define SONDE_KERNEL_TYPES_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
};

struct inode {
	unsigned short i_mode;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct files_struct *files;
	void *stack;
	__u64 start_boottime;
};

struct linux_binprm {
	const char *filename;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	struct {
		__u8 bytes[16];
	} skc_v6_daddr;
	struct {
		__u8 bytes[16];
	} skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct unix_sock {
	struct sock *peer;
};

struct tcp_sock {
	__u32 rcv_nxt;
	__u32 copied_seq;
};

#pragma clang attribute pop

#endif /* SONDE_KERNEL_TYPES_H */
