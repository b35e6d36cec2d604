/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Which socket a TLS handle speaks through, found while both are seen at work:
 *   nested      the socket call happens inside the TLS call, on its thread or goroutine;
 *   ciphertext  a memory BIO: the next thing the thread sends is a TLS record as long as what it
 * has just encrypted; or, below rustls, the very memory that was sealed or is opened. Every socket
 * is asked once, then never again.
 */
#ifndef SONDE_SOCKET_MATCH_H
#define SONDE_SOCKET_MATCH_H

#include "bpf/socket.h"
#include "bpf/syscall.h"

#define TLS_HEADER_BYTES 5
#define TLS_RECORD_BYTES 16384
/* AEAD tags and explicit nonces; CBC's MAC and padding. */
#define MIN_RECORD_OVERHEAD 16
#define MAX_RECORD_OVERHEAD 80
#define MAX_RECORDS_AHEAD   6 /* of a handshake, sent together with the first data */
#define MAX_USER_VECTORS    8
#define PENDING_MAX_NS	    2000000000ull
/* A receive buffer keeps records that began before what was read last. */
#define RECEIVE_BUFFER_SLACK (2 * (TLS_RECORD_BYTES + 256))

/* Says that Go programs are heard, so that goroutines are worth looking up. */
__u32 go_heard;
/* Handles whose socket is still wanted: 0 makes the tracepoints return at once. */
__u32 sockets_wanted;

struct socket_call {
	__u64 handle;
	__u64 ciphertext; /* where the record will be; 0: not known */
	__u64 length;	  /* plaintext bytes of the call */
	__u64 time_ns;
	__u16 flags;
	__u16 reserved[3];
};

struct received {
	struct socket_facts facts;
	__u64 buffer;
	__u64 length;
	__u64 time_ns;
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

/* What a thread received last; only in processes with half connections. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, __u64);
	__type(value, struct received);
} last_received SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* tgid */
	__type(value, __u8);
} half_processes SEC(".maps");

static __always_inline bool has_socket(__u64 handle, __u32 tgid)
{
	struct conn_key key = {.handle = handle, .tgid = tgid};
	struct conn *conn = bpf_map_lookup_elem(&conns, &key);

	return conn && conn->socket;
}

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

/* `length` bytes were written; when no socket call came, they will leave in one that follows. */
static __always_inline void socket_call_over(const struct call_key *key, const struct call *call,
					     __u64 length)
{
	struct call_key owner = *key;
	struct socket_call wanted = {
		.handle = call->handle, .length = length, .time_ns = bpf_ktime_get_ns()};
	__u64 thread = key->pid_tgid;

	if (!has_socket_trace || has_socket(call->handle, key->pid_tgid >> 32))
		return;
	if ((__u32)key->pid_tgid > 1)
		owner.stack_pointer = 0;
	bpf_map_delete_elem(&nested, &owner);
	if (length && call->direction == SONDE_DIRECTION_SENT)
		bpf_map_update_elem(&unsent, &thread, &wanted, BPF_ANY);
}

/* The record that a half connection sealed to `ciphertext` is about to be sent. */
static __always_inline void expect_ciphertext(const struct call *call, __u64 ciphertext)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 tgid = thread >> 32;
	__u8 yes = 1;
	struct socket_call wanted = {.handle = call->handle,
				     .ciphertext = ciphertext,
				     .time_ns = call->entry_ns,
				     .flags = call->flags};

	if (!has_socket_trace || has_socket(call->handle, tgid))
		return;
	sockets_wanted = 1;
	bpf_map_update_elem(&half_processes, &tgid, &yes, BPF_ANY);
	bpf_map_update_elem(&unsent, &thread, &wanted, BPF_ANY);
}

/* The record at `ciphertext` is about to be opened: did this thread receive it? */
static __always_inline void match_received(const struct call *call, __u64 ciphertext)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 tgid = thread >> 32;
	__u8 yes = 1;
	struct received *last;
	struct conn *conn;

	if (!has_socket_trace || has_socket(call->handle, tgid))
		return;
	sockets_wanted = 1;
	bpf_map_update_elem(&half_processes, &tgid, &yes, BPF_ANY);
	last = bpf_map_lookup_elem(&last_received, &thread);
	if (!last || ciphertext + RECEIVE_BUFFER_SLACK < last->buffer ||
	    ciphertext >= last->buffer + last->length)
		return;
	conn = find_conn(call->handle, tgid);
	if (conn)
		tell_socket(call->handle, conn, &last->facts, SONDE_FOUND_BY_CIPHERTEXT,
			    call->flags);
}

/* Whether a TLS data record as long as `length` plaintext bytes make it is among the first. */
static __always_inline bool holds_record(const struct user_vector *buffer, __u64 length)
{
	__u64 position = 0;

	if (length > TLS_RECORD_BYTES)
		length = TLS_RECORD_BYTES;
	for (int i = 0; i < MAX_RECORDS_AHEAD; i++) {
		__u8 header[TLS_HEADER_BYTES] = {};
		__u64 size;

		if (position + TLS_HEADER_BYTES > buffer->length ||
		    bpf_probe_read_user(header, sizeof(header),
					(const void *)(buffer->base + position)))
			return false;
		if (header[0] < 0x14 || header[0] > 0x17 || header[1] != 3)
			return false;
		size = (__u64)header[3] << 8 | header[4];
		if (header[0] == 0x17 && size >= length + MIN_RECORD_OVERHEAD &&
		    size <= length + MAX_RECORD_OVERHEAD)
			return true;
		position += TLS_HEADER_BYTES + size;
	}
	return false;
}

static __always_inline bool sends(const struct system_call *now, const struct socket_call *call)
{
	struct user_buffers buffers = {};
	struct user_vector vector;

	if (!find_user_buffers(now, &buffers))
		return false;
	if (!call->ciphertext)
		return holds_record(&buffers.first, call->length);
	for (int i = 0; i < MAX_USER_VECTORS && (__u64)i < buffers.count; i++) {
		vector = buffers.first;
		if (i && bpf_probe_read_user(&vector, sizeof(vector),
					     (const void *)(buffers.table + i * sizeof(vector))))
			return false;
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

static __always_inline void keep_received(struct sock *sk, __u64 thread,
					  const struct system_call *now)
{
	__u32 tgid = thread >> 32;
	struct received last = {.time_ns = bpf_ktime_get_ns()};
	struct user_buffers buffers = {};

	if (!bpf_map_lookup_elem(&half_processes, &tgid) || !find_user_buffers(now, &buffers) ||
	    !read_socket(sk, &last.facts))
		return;
	last.buffer = buffers.first.base;
	last.length = buffers.first.length;
	bpf_map_update_elem(&last_received, &thread, &last, BPF_ANY);
}

/* Not inlined: see user_memory.h. `address` is that of a struct sock. */
__noinline int match_socket(__u64 address, __u32 sent)
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
		keep_received(sk, pid_tgid, &now);
	return 0;
}

#endif /* SONDE_SOCKET_MATCH_H */
