/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The system call in progress, as the programs of the socket layer find it: its registers, its
 * memory. */
#ifndef SONDE_SYSCALL_H
#define SONDE_SYSCALL_H

#include "bpf/maps.h"

/* What user space entered the call in progress with; not all registers: BPF's stack is small. */
struct system_call {
	__u64 number;
	__u64 descriptor; /* arguments 1 to 4 */
	__u64 buffer;
	__u64 length;
	__u64 argument_4;
	__u64 goroutine; /* where the process is a Go program */
};

#if defined(__TARGET_ARCH_x86)
#define KERNEL_STACK_BYTES  16384
#define REGISTER_NUMBER	    offsetof(struct pt_regs, orig_rax)
#define REGISTER_ARGUMENT_1 offsetof(struct pt_regs, rdi)
#define REGISTER_ARGUMENT_2 offsetof(struct pt_regs, rsi)
#define REGISTER_ARGUMENT_3 offsetof(struct pt_regs, rdx)
#define REGISTER_ARGUMENT_4 offsetof(struct pt_regs, r10)
#define REGISTER_GOROUTINE  offsetof(struct pt_regs, r14)
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
#define REGISTER_NUMBER	    offsetof(struct user_pt_regs, regs[8])
/* x0 holds the result when the call ends; the kernel keeps the argument behind the user's part. */
#define REGISTER_ARGUMENT_1 sizeof(struct user_pt_regs)
#define REGISTER_ARGUMENT_2 offsetof(struct user_pt_regs, regs[1])
#define REGISTER_ARGUMENT_3 offsetof(struct user_pt_regs, regs[2])
#define REGISTER_ARGUMENT_4 offsetof(struct user_pt_regs, regs[3])
#define REGISTER_GOROUTINE  offsetof(struct user_pt_regs, regs[28])
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

/* NULL where the kernel does not tell. */
static __always_inline const void *user_registers(void)
{
	if (has_task_regs)
		return (const void *)bpf_task_pt_regs(bpf_get_current_task_btf());
#if defined(__TARGET_ARCH_x86)
	/* Before Linux 5.15: they lie at the top of the kernel stack. */
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, stack) + KERNEL_STACK_BYTES - sizeof(struct pt_regs);
#else
	return NULL;
#endif
}

static __always_inline __u64 user_register(const void *registers, __u32 offset)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), registers + offset);
	return value;
}

static __always_inline bool current_call(struct system_call *call)
{
	const void *registers = user_registers();

	if (!registers)
		return false;
	call->number = user_register(registers, REGISTER_NUMBER);
	call->descriptor = user_register(registers, REGISTER_ARGUMENT_1);
	call->buffer = user_register(registers, REGISTER_ARGUMENT_2);
	call->length = user_register(registers, REGISTER_ARGUMENT_3);
	call->argument_4 = user_register(registers, REGISTER_ARGUMENT_4);
	call->goroutine = user_register(registers, REGISTER_GOROUTINE);
	return true;
}

enum call_kind { OTHER_CALL, RECEIVING_CALL, SENDING_CALL };

static __always_inline enum call_kind kind_of_call(const struct system_call *call)
{
	switch (call->number) {
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

static __always_inline bool find_user_buffers(const struct system_call *call,
					      struct user_buffers *found)
{
	struct {
		__u64 name, name_length, table, count;
	} header = {};

	found->first.base = call->buffer;
	found->first.length = call->length;
	found->table = 0;
	found->count = 1;
	switch (call->number) {
	case NR_READ:
	case NR_WRITE:
	case NR_SENDTO:
	case NR_RECVFROM:
		return true;
	case NR_READV:
	case NR_WRITEV:
		found->table = call->buffer;
		found->count = call->length;
		break;
	case NR_SENDMSG:
	case NR_RECVMSG:
		if (bpf_probe_read_user(&header, sizeof(header), (const void *)call->buffer))
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
static __always_inline bool only_looks(const struct system_call *call)
{
	__u64 flags = 0;

	if (call->number == NR_RECVFROM)
		flags = call->argument_4;
	else if (call->number == NR_RECVMSG)
		flags = call->length;
	return flags & RECEIVED_NOT_TAKEN;
}

#endif /* SONDE_SYSCALL_H */
