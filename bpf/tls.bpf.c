/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Plaintext of TLS libraries: a uprobe at the entry of a call remembers its arguments, one at each
 * of its RET instructions learns the result and copies exactly the bytes that were accepted or
 * delivered. So a retried or partial write is counted once, by its return value.
 *
 * A call is keyed by its thread and by the stack pointer at its entry, which at RET is the same: a
 * nested call, a recursion or a RET shared with another function cannot be confused with it.
 *
 * Records are built in reserved ring memory: no per-CPU scratch that preemption could race for.
 */
#include "bpf/emit.h"
#include "bpf/socket_match.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline int begin_call(struct pt_regs *ctx, const struct call_key *key,
				      struct call *call)
{
	if (key->pid_tgid >> 32 == own_tgid)
		return 0;
	call->target = target_of(ctx);
	if (bpf_map_update_elem(&calls, key, call, BPF_ANY))
		count_loss(SONDE_LOSS_MAP_FULL, 1);
	expect_socket_call(key, call);
	return 0;
}

/* Takes the call that `key` remembers, if there is one. */
static __always_inline bool end_call(const struct call_key *key, struct call *call, bool expected)
{
	struct call *stored;

	if (key->pid_tgid >> 32 == own_tgid)
		return false;
	stored = bpf_map_lookup_elem(&calls, key);
	if (!stored) {
		if (expected)
			count_loss(SONDE_LOSS_NO_ENTRY, 1);
		return false;
	}
	*call = *stored;
	bpf_map_delete_elem(&calls, key);
	return true;
}

static __always_inline int remember(struct pt_regs *ctx, __u16 direction, __u64 length_ptr)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct call_key key = {.pid_tgid = pid_tgid, .stack_pointer = PT_REGS_SP(ctx)};
	struct call call = {
		.handle = PT_REGS_PARM1(ctx),
		.buffer = PT_REGS_PARM2(ctx),
		.length_ptr = length_ptr,
		.entry_ns = bpf_ktime_get_ns(),
		.direction = direction,
	};

	return begin_call(ctx, &key, &call);
}

/* int f(handle, buffer, length): SSL_read, gnutls_record_recv, NSS. */
SEC("uprobe")
int received_entry(struct pt_regs *ctx)
{
	return remember(ctx, SONDE_DIRECTION_RECEIVED, 0);
}

SEC("uprobe")
int sent_entry(struct pt_regs *ctx)
{
	return remember(ctx, SONDE_DIRECTION_SENT, 0);
}

/* int f(handle, buffer, length, size_t *done): SSL_read_ex, SSL_write_ex. */
SEC("uprobe")
int received_ex_entry(struct pt_regs *ctx)
{
	return remember(ctx, SONDE_DIRECTION_RECEIVED, PT_REGS_PARM4(ctx));
}

SEC("uprobe")
int sent_ex_entry(struct pt_regs *ctx)
{
	return remember(ctx, SONDE_DIRECTION_SENT, PT_REGS_PARM4(ctx));
}

/* Bytes that the call accepted or delivered; 0 when it failed or has to be repeated. */
static __always_inline __u64 call_result(struct pt_regs *ctx, const struct call *call)
{
	__s32 result = (__s32)PT_REGS_RC(ctx);
	__u64 length = 0;

	if (result <= 0)
		return 0;
	if (!call->length_ptr)
		return result;
	if (read_user(&length, sizeof(length), call->length_ptr, true))
		count_loss(SONDE_LOSS_FAULT, 1);
	return length;
}

static __always_inline int finish(struct pt_regs *ctx, bool expected)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct call_key key = {.pid_tgid = pid_tgid, .stack_pointer = PT_REGS_SP(ctx)};
	struct call call;
	__u64 length;

	if (!end_call(&key, &call, expected))
		return 0;
	length = call_result(ctx, &call);
	if (length)
		emit_call(&call, length);
	socket_call_over(&key, &call, length);
	return 0;
}

/* At a RET that only the probed function reaches. */
SEC("uprobe")
int call_return(struct pt_regs *ctx)
{
	return finish(ctx, true);
}

/* At a RET that other functions reach too. */
SEC("uprobe")
int call_return_shared(struct pt_regs *ctx)
{
	return finish(ctx, false);
}

static __always_inline int forget(struct pt_regs *ctx)
{
	struct conn_key key = {.handle = PT_REGS_PARM1(ctx),
			       .tgid = bpf_get_current_pid_tgid() >> 32};

	close_conn(&key);
	return 0;
}

SEC("uprobe")
int handle_freed(struct pt_regs *ctx)
{
	return forget(ctx);
}

/* All of the above in one program, so that one link carries a file (agent/attach/probe_links.h). */
SEC("uprobe")
int any_place(struct pt_regs *ctx)
{
	__u32 place = bpf_get_attach_cookie(ctx) >> 32;
	bool sent = place == SONDE_PLACE_SENT || place == SONDE_PLACE_SENT_EX;
	bool ex = place == SONDE_PLACE_RECEIVED_EX || place == SONDE_PLACE_SENT_EX;

	if (place == SONDE_PLACE_FREED)
		return forget(ctx);
	if (place == SONDE_PLACE_RETURN || place == SONDE_PLACE_RETURN_SHARED)
		return finish(ctx, place == SONDE_PLACE_RETURN);
	return remember(ctx, sent ? SONDE_DIRECTION_SENT : SONDE_DIRECTION_RECEIVED,
			ex ? PT_REGS_PARM4(ctx) : 0);
}

#include "bpf/go.h"
#include "bpf/aead.h"
#include "bpf/process.h"
#include "bpf/socket_trace.h"
