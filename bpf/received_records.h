/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * TLS records as a socket delivers them, kept until the TLS library is seen to open one: in
 * processes whose library does not call the socket itself.
 */
#ifndef SONDE_RECEIVED_RECORDS_H
#define SONDE_RECEIVED_RECORDS_H

#include "bpf/socket.h"
#include "bpf/syscall.h"

#define TLS_HEADER_BYTES 5
#define TLS_RECORD_BYTES 16384
/* AEAD tags and explicit nonces; CBC's MAC and padding. */
#define MIN_RECORD_OVERHEAD 16
#define MAX_RECORD_OVERHEAD 80
#define MAX_RECORDS_AHEAD   6 /* of a handshake, sent together with the first data */
#define PENDING_MAX_NS	    2000000000ull
/* A receive buffer keeps records that began before what was read last. */
#define RECEIVE_BUFFER_SLACK (2 * (TLS_RECORD_BYTES + 256))

/* Handles whose socket is still wanted: 0 makes the tracepoints return at once. */
__u32 sockets_wanted;

struct received {
	struct socket_facts facts;
	__u64 buffer;
	__u64 length;
	__u64 time_ns;
	__u16 sizes[MAX_RECORDS_AHEAD +
		    2]; /* of the data records that began in it; 0: none, or taken */
};

/* What a thread received last; only in processes of `keeping`. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, __u64);
	__type(value, struct received);
} last_received SEC(".maps");

/* Processes whose received records are kept, and how they are told apart. */
#define KEEP_HEADS 1 /* half connections: by address, and by first bytes */
#define KEEP_SIZES 2 /* memory BIOs: what was read has the length of what was received */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* tgid */
	__type(value, __u8);
} keeping SEC(".maps");

/* A record may be copied before it is opened: its first bytes are what stays. */
struct record_head {
	__u64 first_bytes;
	__u32 tgid;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct record_head);
	__type(value, struct socket_facts);
} record_heads SEC(".maps");

static __always_inline bool has_socket(__u64 handle, __u32 tgid)
{
	struct conn_key key = {.handle = handle, .tgid = tgid};
	struct conn *conn = bpf_map_lookup_elem(&conns, &key);

	return conn && conn->socket;
}

static __always_inline void keep_received_of(__u32 tgid, __u8 how)
{
	__u8 *known = bpf_map_lookup_elem(&keeping, &tgid);

	sockets_wanted = 1;
	if (known)
		*known |= how;
	else
		bpf_map_update_elem(&keeping, &tgid, &how, BPF_ANY);
}

/* The record at `ciphertext` is about to be opened: did this thread receive it? */
static __always_inline void match_received(const struct call *call, __u64 ciphertext)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 tgid = thread >> 32;
	struct received *last;
	struct conn *conn;

	if (!has_socket_trace || has_socket(call->handle, tgid))
		return;
	keep_received_of(tgid, KEEP_HEADS);
	last = bpf_map_lookup_elem(&last_received, &thread);
	if (!last || ciphertext + RECEIVE_BUFFER_SLACK < last->buffer ||
	    ciphertext >= last->buffer + last->length)
		return;
	conn = find_conn(call->handle, tgid);
	if (conn)
		tell_socket(call->handle, conn, &last->facts, SONDE_FOUND_BY_CIPHERTEXT,
			    call->flags);
}

/* The record at `ciphertext` is about to be opened: where did this process receive it? */
static __always_inline void match_received_record(const struct call *call, __u64 ciphertext)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct record_head head = {.tgid = tgid};
	struct socket_facts *facts;
	struct conn *conn;

	if (!has_socket_trace || has_socket(call->handle, tgid))
		return;
	keep_received_of(tgid, KEEP_HEADS);
	if (bpf_probe_read_user(&head.first_bytes, sizeof(head.first_bytes),
				(const void *)ciphertext))
		return;
	facts = bpf_map_lookup_elem(&record_heads, &head);
	conn = facts ? find_conn(call->handle, tgid) : NULL;
	if (conn)
		tell_socket(call->handle, conn, facts, SONDE_FOUND_BY_CIPHERTEXT, call->flags);
}

/*
 * Whether a record's header announces what `length` bytes of plaintext become: data, or where any
 * record may have been sealed, the end of a TLS 1.2 handshake.
 */
static __always_inline bool fits(const __u8 *header, __u64 length, __u16 flags)
{
	__u64 size = (__u64)header[3] << 8 | header[4];

	if (length > TLS_RECORD_BYTES)
		length = TLS_RECORD_BYTES;
	if (header[0] != 0x17 && !(header[0] == 0x16 && (flags & SONDE_DATA_HALF)))
		return false;
	return header[1] == 3 && size >= length + MIN_RECORD_OVERHEAD &&
	       size <= length + MAX_RECORD_OVERHEAD;
}

/*
 * `length` bytes were read, and no socket was called for them. Event loops hand over what they have
 * received at once: then they came with this thread's last call, in a record of that size.
 */
static __always_inline void match_received_length(const struct call *call, __u64 length)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct received *last = bpf_map_lookup_elem(&last_received, &thread);
	struct conn *conn;

	keep_received_of(thread >> 32, KEEP_SIZES);
	if (!length || !last || bpf_ktime_get_ns() - last->time_ns > PENDING_MAX_NS)
		return;
	for (int i = 0; i < MAX_RECORDS_AHEAD; i++) {
		__u64 size = last->sizes[i];

		if (size < length + MIN_RECORD_OVERHEAD || size > length + MAX_RECORD_OVERHEAD)
			continue;
		last->sizes[i] = 0;
		conn = find_conn(call->handle, thread >> 32);
		if (conn)
			tell_socket(call->handle, conn, &last->facts, SONDE_FOUND_BY_CIPHERTEXT,
				    call->flags);
		return;
	}
}

/* In TLS 1.2 with AES-GCM, 8 bytes of nonce stand before what is opened (RFC 5288, 3). */
static __always_inline void keep_head(__u64 record, __u32 tgid, const struct socket_facts *facts)
{
	struct record_head head = {.tgid = tgid};
	__u64 first_bytes[2];

	if (bpf_probe_read_user(first_bytes, sizeof(first_bytes), (const void *)record))
		return;
	head.first_bytes = first_bytes[0];
	bpf_map_update_elem(&record_heads, &head, facts, BPF_ANY);
	head.first_bytes = first_bytes[1];
	bpf_map_update_elem(&record_heads, &head, facts, BPF_ANY);
}

/* False where the buffer does not begin with a record's header: one goes on that began before. */
static __always_inline bool keep_records(struct received *last, __u32 tgid, __u8 how)
{
	__u64 position = 0;

	for (int i = 0; i < MAX_RECORDS_AHEAD; i++) {
		__u8 header[TLS_HEADER_BYTES] = {};
		__u16 size;

		if (position + TLS_HEADER_BYTES > last->length ||
		    bpf_probe_read_user(header, sizeof(header),
					(const void *)(last->buffer + position)) ||
		    header[0] < 0x14 || header[0] > 0x17 || header[1] != 3)
			return i > 0;
		size = (__u16)header[3] << 8 | header[4];
		position += TLS_HEADER_BYTES;
		if (header[0] == 0x17)
			last->sizes[i] = size;
		if (header[0] == 0x17 && (how & KEEP_HEADS))
			keep_head(last->buffer + position, tgid, &last->facts);
		position += size;
	}
	return true;
}

static __always_inline void keep_received(struct sock *sk, __u64 thread,
					  const struct system_call *now, __u64 length)
{
	__u32 tgid = thread >> 32;
	__u8 *how = bpf_map_lookup_elem(&keeping, &tgid);
	struct received *before, last = {.time_ns = bpf_ktime_get_ns()};
	struct user_buffers buffers = {};

	if (!how || !find_user_buffers(now, &buffers) || !read_socket(sk, &last.facts))
		return;
	last.buffer = buffers.first.base;
	last.length = buffers.first.length < length ? buffers.first.length : length;
	if (!keep_records(&last, tgid, *how)) {
		before = bpf_map_lookup_elem(&last_received, &thread);
		if (before && before->facts.socket == last.facts.socket)
			__builtin_memcpy(last.sizes, before->sizes, sizeof(last.sizes));
	}
	bpf_map_update_elem(&last_received, &thread, &last, BPF_ANY);
}

#endif /* SONDE_RECEIVED_RECORDS_H */
