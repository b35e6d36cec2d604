/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The system call in progress, as the programs of the socket layer find it: its registers, its
 * memory. */
#ifndef SONDE_SYSCALL_H
#define SONDE_SYSCALL_H

#include "bpf/maps.h"

#if defined(__TARGET_ARCH_x86)
typedef struct pt_regs user_registers_t;
#elif defined(__TARGET_ARCH_arm64)
typedef struct user_pt_regs user_registers_t;
#endif

/* The registers with which user space entered the system call in progress. */
static __always_inline long user_registers(user_registers_t *regs)
{
	if (has_task_regs)
		return bpf_probe_read_kernel(
			regs, sizeof(*regs),
			(const void *)bpf_task_pt_regs(bpf_get_current_task_btf()));
#if defined(__TARGET_ARCH_x86)
	/* Before Linux 5.15: they lie at the top of the kernel stack, which has 16 KiB. */
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	void *stack = BPF_CORE_READ(task, stack);

	return bpf_probe_read_kernel(regs, sizeof(*regs), stack + 16384 - sizeof(*regs));
#else
	return -1;
#endif
}

#if defined(__TARGET_ARCH_x86)
#define SYSCALL_NUMBER(regs)	 ((regs)->orig_rax)
#define SYSCALL_BUFFER(regs)	 ((regs)->rsi)
#define SYSCALL_LENGTH(regs)	 ((regs)->rdx)
#define SYSCALL_GOROUTINE(regs)	 ((regs)->r14)
#define SYSCALL_ARGUMENT_4(regs) ((regs)->r10)
enum {
	NR_READ = 0,
	NR_WRITE = 1,
	NR_READV = 19,
	NR_WRITEV = 20,
	NR_SENDTO = 44,
	NR_RECVFROM = 45,
	NR_SENDMSG = 46,
	NR_RECVMSG = 47
};
#elif defined(__TARGET_ARCH_arm64)
#define SYSCALL_NUMBER(regs)	 ((regs)->regs[8])
#define SYSCALL_BUFFER(regs)	 ((regs)->regs[1])
#define SYSCALL_LENGTH(regs)	 ((regs)->regs[2])
#define SYSCALL_GOROUTINE(regs)	 ((regs)->regs[28])
#define SYSCALL_ARGUMENT_4(regs) ((regs)->regs[3])
enum {
	NR_READ = 63,
	NR_WRITE = 64,
	NR_READV = 65,
	NR_WRITEV = 66,
	NR_SENDTO = 206,
	NR_RECVFROM = 207,
	NR_SENDMSG = 211,
	NR_RECVMSG = 212
};
#endif

/* The file descriptor of the call; also at its end, when the result stands in place of it. */
static __always_inline __u64 call_descriptor(const user_registers_t *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->rdi;
#elif defined(__TARGET_ARCH_arm64)
	__u64 orig_x0 = -1; /* struct pt_regs keeps it behind struct user_pt_regs */

	bpf_probe_read_kernel(&orig_x0, sizeof(orig_x0),
			      (const void *)bpf_task_pt_regs(bpf_get_current_task_btf()) +
				      sizeof(struct user_pt_regs));
	return orig_x0;
#endif
}

enum call_kind { OTHER_CALL, RECEIVING_CALL, SENDING_CALL };

static __always_inline enum call_kind kind_of_call(const user_registers_t *regs)
{
	switch (SYSCALL_NUMBER(regs)) {
	case NR_READ:
	case NR_READV:
	case NR_RECVFROM:
	case NR_RECVMSG:
		return RECEIVING_CALL;
	case NR_WRITE:
	case NR_WRITEV:
	case NR_SENDTO:
	case NR_SENDMSG:
		return SENDING_CALL;
	default:
		return OTHER_CALL;
	}
}

struct user_vector {
	__u64 base;
	__u64 length;
};

/* The memory a system call reads or writes: one buffer, or `count` of them at `table`. */
struct user_buffers {
	struct user_vector first;
	__u64 table; /* 0: only `first` */
	__u64 count;
};

static __always_inline bool find_user_buffers(const user_registers_t *regs,
					      struct user_buffers *found)
{
	struct {
		__u64 name, name_length, table, count;
	} header = {};

	found->first.base = SYSCALL_BUFFER(regs);
	found->first.length = SYSCALL_LENGTH(regs);
	found->table = 0;
	found->count = 1;
	switch (SYSCALL_NUMBER(regs)) {
	case NR_READ:
	case NR_WRITE:
	case NR_SENDTO:
	case NR_RECVFROM:
		return true;
	case NR_READV:
	case NR_WRITEV:
		found->table = SYSCALL_BUFFER(regs);
		found->count = SYSCALL_LENGTH(regs);
		break;
	case NR_SENDMSG:
	case NR_RECVMSG:
		if (bpf_probe_read_user(&header, sizeof(header),
					(const void *)SYSCALL_BUFFER(regs)))
			return false;
		found->table = header.table;
		found->count = header.count;
		break;
	default: /* io_uring, sendfile: the memory is not known here */
		return false;
	}
	return !bpf_probe_read_user(&found->first, sizeof(found->first),
				    (const void *)found->table);
}

#define RECEIVED_NOT_TAKEN (0x2 | 0x20 | 0x2000) /* MSG_PEEK, MSG_TRUNC, MSG_ERRQUEUE */

/* Whether the call left the bytes where they were, or filled the buffer with something else. */
static __always_inline bool only_looks(const user_registers_t *regs)
{
	__u64 number = SYSCALL_NUMBER(regs);
	__u64 flags = 0;

	if (number == NR_RECVFROM)
		flags = SYSCALL_ARGUMENT_4(regs);
	else if (number == NR_RECVMSG)
		flags = SYSCALL_LENGTH(regs);
	return flags & RECEIVED_NOT_TAKEN;
}

#endif /* SONDE_SYSCALL_H */
