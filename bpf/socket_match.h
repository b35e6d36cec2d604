/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Which socket a TLS handle speaks through, found while both are seen at work:
 *   nested      the socket call happens inside the TLS call, on its thread or goroutine;
 *   ciphertext  a memory BIO: the next thing the thread sends is a TLS record as long as what it
 * has just encrypted; or, below rustls, the very memory that was sealed or is opened, or a received
 * record that begins with the same bytes. Every socket is asked once, then never again.
 */
#ifndef SONDE_SOCKET_MATCH_H
#define SONDE_SOCKET_MATCH_H

#include "bpf/received_records.h"

#define MAX_USER_VECTORS 8

/* Says that Go programs are heard, so that goroutines are worth looking up. */
__u32 go_heard;
struct socket_call {
	__u64 handle;
	__u64 ciphertext; /* where the record will be; 0: not known */
	__u64 length;	  /* plaintext bytes of the call */
	__u64 time_ns;
	__u16 flags;
	__u16 reserved[3];
};

/* TLS calls in progress whose handle has no socket yet: by thread, or by goroutine. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, struct call_key);
	__type(value, struct socket_call);
} nested SEC(".maps");

/* What a thread encrypted last and has not sent. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, __u64);
	__type(value, struct socket_call);
} unsent SEC(".maps");

/* A socket call under this key, until socket_call_over(), belongs to the call's handle. */
static __always_inline void expect_socket_call(const struct call_key *key, const struct call *call)
{
	struct call_key owner = *key;
	struct socket_call wanted = {.handle = call->handle, .time_ns = call->entry_ns};

	if (!has_socket_trace || has_socket(call->handle, key->pid_tgid >> 32))
		return;
	if ((__u32)key->pid_tgid > 1) /* a thread; a goroutine's key has the direction here */
		owner.stack_pointer = 0;
	sockets_wanted = 1;
	bpf_map_update_elem(&nested, &owner, &wanted, BPF_ANY);
}

/*
 * `length` bytes were written; when no socket call came, they will leave in one that follows. Or as
 * many were read: when no socket call came, the thread received them in one before.
 */
static __always_inline void socket_call_over(const struct call_key *key, const struct call *call,
					     __u64 length)
{
	struct call_key owner = *key;
	struct socket_call wanted = {
		.handle = call->handle, .length = length, .time_ns = bpf_ktime_get_ns()};
	__u64 thread = key->pid_tgid;
	bool nothing_moved;

	if (!has_socket_trace || has_socket(call->handle, key->pid_tgid >> 32))
		return;
	if ((__u32)key->pid_tgid > 1)
		owner.stack_pointer = 0;
	nothing_moved = !bpf_map_delete_elem(&nested, &owner);
	if (call->direction == SONDE_DIRECTION_SENT) {
		if (length)
			bpf_map_update_elem(&unsent, &thread, &wanted, BPF_ANY);
	} else if (nothing_moved && owner.stack_pointer == 0) {
		match_received_length(call, length);
	}
}

/* The record that a half connection sealed to `ciphertext` is about to be sent. */
static __always_inline void expect_ciphertext(const struct call *call, __u64 ciphertext)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 tgid = thread >> 32;
	struct socket_call wanted = {.handle = call->handle,
				     .ciphertext = ciphertext,
				     .time_ns = call->entry_ns,
				     .flags = call->flags};

	if (!has_socket_trace || has_socket(call->handle, tgid))
		return;
	keep_received_of(tgid, KEEP_HEADS);
	bpf_map_update_elem(&unsent, &thread, &wanted, BPF_ANY);
}

/*
 * A record of `length` bytes was sealed; it leaves with the first send that holds one as long. What
 * was sealed first is sent first: those behind it need no wait of their own.
 */
static __always_inline void expect_record(const struct call *call, __u64 length)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 tgid = thread >> 32;
	struct socket_call *waiting = bpf_map_lookup_elem(&unsent, &thread);
	struct socket_call wanted = {.handle = call->handle,
				     .length = length,
				     .time_ns = call->entry_ns,
				     .flags = call->flags};

	if (!has_socket_trace || has_socket(call->handle, tgid) ||
	    (waiting && waiting->handle == call->handle &&
	     call->entry_ns - waiting->time_ns < PENDING_MAX_NS))
		return;
	keep_received_of(tgid, KEEP_HEADS);
	bpf_map_update_elem(&unsent, &thread, &wanted, BPF_ANY);
}

static __always_inline bool begins_with_record(const struct user_vector *buffer,
					       const struct socket_call *call)
{
	__u8 header[TLS_HEADER_BYTES] = {};

	return buffer->length >= TLS_HEADER_BYTES &&
	       !bpf_probe_read_user(header, sizeof(header), (const void *)buffer->base) &&
	       fits(header, call->length, call->flags);
}

/* Whether a TLS data record as long as the call's plaintext makes it is among the first. */
static __always_inline bool holds_record(const struct user_vector *buffer,
					 const struct socket_call *call)
{
	__u64 position = 0;

	for (int i = 0; i < MAX_RECORDS_AHEAD; i++) {
		__u8 header[TLS_HEADER_BYTES] = {};

		if (position + TLS_HEADER_BYTES > buffer->length ||
		    bpf_probe_read_user(header, sizeof(header),
					(const void *)(buffer->base + position)))
			return false;
		if (header[0] < 0x14 || header[0] > 0x17 || header[1] != 3)
			return false;
		if (fits(header, call->length, call->flags))
			return true;
		position += TLS_HEADER_BYTES + ((__u64)header[3] << 8 | header[4]);
	}
	return false;
}

static __always_inline bool sends(const struct system_call *now, const struct socket_call *call)
{
	struct user_buffers buffers = {};
	struct user_vector vector;

	if (!find_user_buffers(now, &buffers))
		return false;
	if (!call->ciphertext && holds_record(&buffers.first, call))
		return true;
	for (int i = 0; i < MAX_USER_VECTORS && (__u64)i < buffers.count; i++) {
		vector = buffers.first;
		if (i && bpf_probe_read_user(&vector, sizeof(vector),
					     (const void *)(buffers.table + i * sizeof(vector))))
			return false;
		if (!call->ciphertext) {
			if (begins_with_record(&vector, call))
				return true;
			continue;
		}
		/* The record's header may stand before it in memory of its own. */
		if (call->ciphertext >= vector.base &&
		    call->ciphertext < vector.base + vector.length)
			return true;
	}
	return false;
}

static __always_inline bool take_nested(struct sock *sk, const struct call_key *key)
{
	struct socket_call *found = bpf_map_lookup_elem(&nested, key);
	struct socket_facts facts;
	struct conn *conn;
	__u64 handle;

	if (!found)
		return false;
	handle = found->handle;
	bpf_map_delete_elem(&nested, key);
	if (!read_socket(sk, &facts))
		return true;
	conn = find_conn(handle, key->pid_tgid >> 32);
	if (conn)
		tell_socket(handle, conn, &facts, SONDE_FOUND_BY_SYSCALL, 0);
	return true;
}

static __always_inline void take_unsent(struct sock *sk, __u64 thread,
					const struct system_call *now)
{
	struct socket_call *found = bpf_map_lookup_elem(&unsent, &thread);
	struct socket_call call;
	struct socket_facts facts;
	struct conn *conn;

	if (!found)
		return;
	call = *found;
	if (bpf_ktime_get_ns() - call.time_ns > PENDING_MAX_NS) {
		bpf_map_delete_elem(&unsent, &thread);
		return;
	}
	if (!sends(now, &call))
		return;
	bpf_map_delete_elem(&unsent, &thread);
	conn = read_socket(sk, &facts) ? find_conn(call.handle, thread >> 32) : NULL;
	if (conn)
		tell_socket(call.handle, conn, &facts, SONDE_FOUND_BY_CIPHERTEXT, call.flags);
}

/* Not inlined: see user_memory.h. `address` is that of a struct sock. */
__noinline int match_socket(__u64 address, __u32 sent, __u64 length)
{
	struct sock *sk = (struct sock *)address;
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct call_key key = {.pid_tgid = pid_tgid};
	struct system_call now = {};

	if (take_nested(sk, &key) || !current_call(&now))
		return 0;
	if (go_heard) {
		key.stack_pointer = now.goroutine;
		key.pid_tgid = (pid_tgid >> 32) << 32 | (sent ? 1 : 0);
		if (take_nested(sk, &key))
			return 0;
	}
	if (sent)
		take_unsent(sk, pid_tgid, &now);
	else
		keep_received(sk, pid_tgid, &now, length);
	return 0;
}

#endif /* SONDE_SOCKET_MATCH_H */
