/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the programs share: settings, maps, counting of losses. */
#ifndef SONDE_MAPS_H
#define SONDE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/kernel_types.h"
#include "sonde/abi.h"

/* Set before load; the verifier then removes what does not apply. */
const volatile __u32 own_tgid;		/* Sonde's own traffic is not heard */
const volatile __u8 can_copy_from_user; /* programs are sleepable: absent pages are faulted in */
const volatile __u8 has_attach_cookie;	/* the cookie is the target's id */
const volatile __u32 fixed_target;	/* without cookies, each target has programs of its own */
const volatile __u8 has_socket_trace;	/* sockets are looked at: see socket.h */
const volatile __u8 has_task_regs;	/* bpf_task_pt_regs (Linux 5.15) */
const volatile __u8 hears_plain;	/* connections of plain_ports: see plain.h */
const volatile __u8 hears_stdio;	/* pipes of child processes: see stdio.h */
const volatile __u64 handle_key;	/* hides kernel addresses that serve as handles */

/* The id of the target that a uprobe stands on. */
static __always_inline __u32 target_of(void *ctx)
{
	return has_attach_cookie ? bpf_get_attach_cookie(ctx) : fixed_target;
}

#define ARG_MAP_ENTRIES	 16384
#define CONN_MAP_ENTRIES 65536

struct call_key {
	__u64 pid_tgid;
	__u64 stack_pointer;
};

struct call {
	__u64 handle;
	__u64 buffer;
	__u64 length_ptr; /* _ex functions: where the length is delivered; else 0 */
	__u64 entry_ns;
	__u32 target;
	__u16 direction;
	__u16 flags; /* SONDE_DATA_ */
};

struct conn_key {
	__u64 handle;
	__u32 tgid;
	__u32 reserved;
};

struct conn {
	__u64 generation_ns;
	__u64 position[2];
	__u64 socket; /* 0: not found yet */
	__u32 tgid;   /* of who was heard first */
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, struct call_key);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONN_MAP_ENTRIES);
	__type(key, struct conn_key);
	__type(value, struct conn);
} conns SEC(".maps");

/* Connections that user space does not want to hear any more, by generation. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONN_MAP_ENTRIES);
	__type(key, struct conn_key);
	__type(value, __u64);
} ignored SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24); /* resized before load */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SONDE_LOSS_REASONS);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

static __always_inline void count_loss(__u32 reason, __u64 amount)
{
	__u64 *total = bpf_map_lookup_elem(&losses, &reason);

	if (total)
		__sync_fetch_and_add(total, amount);
}

static __always_inline void fill_header(struct sonde_record_header *header, __u16 kind, __u32 size)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	header->kind = kind;
	header->version = SONDE_ABI_VERSION;
	header->size = size;
	header->time_ns = bpf_ktime_get_ns();
	header->tgid = pid_tgid >> 32;
	header->tid = (__u32)pid_tgid;
}

#endif /* SONDE_MAPS_H */
