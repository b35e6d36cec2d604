/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Copies bytes of a connection into the ring, in pieces, with their positions. */
#ifndef SONDE_EMIT_H
#define SONDE_EMIT_H

#include "bpf/maps.h"

/* One piece of a call on its way into the ring. */
struct piece {
	const struct call *call;
	__u64 generation_ns;
	__u64 position;
	__u64 source;
	__u32 length;
	__u32 tgid;
};

static __always_inline void fill_data(struct sonde_data_record *record, const struct piece *piece)
{
	record->handle = piece->call->handle;
	record->generation_ns = piece->generation_ns;
	record->stream_pos = piece->position;
	record->entry_ns = piece->call->entry_ns;
	record->original_len = piece->length;
	record->target = piece->call->target;
	record->direction = piece->call->direction;
	record->flags = piece->call->flags;
}

/* Tracepoints cannot wait for a page; there the kernel has just touched the memory itself. */
static __always_inline long read_user(void *to, __u64 length, __u64 from, const bool may_fault)
{
	if (may_fault && can_copy_from_user)
		return bpf_copy_from_user(to, length, (const void *)from);
	return bpf_probe_read_user(to, length, (const void *)from);
}

/*
 * Ring memory is reserved in size classes, because a reservation's size must be a constant: a short
 * message must not take the room of a long one.
 */
#define DEFINE_EMIT(class_bytes)                                                                   \
	static __always_inline int emit_##class_bytes(const struct piece *piece,                   \
						      const bool may_fault)                        \
	{                                                                                          \
		struct sonde_data_record *record;                                                  \
		__u64 length = piece->length;                                                      \
                                                                                                   \
		record = bpf_ringbuf_reserve(&ring, sizeof(*record) + class_bytes, 0);             \
		if (!record) {                                                                     \
			count_loss(SONDE_LOSS_RING_FULL, length);                                  \
			return 0;                                                                  \
		}                                                                                  \
		fill_header(&record->header, SONDE_RECORD_DATA, sizeof(*record) + length);         \
		record->header.tgid = piece->tgid;                                                 \
		fill_data(record, piece);                                                          \
		record->captured_len = length;                                                     \
		barrier_var(length); /* or the compiler drops a check that the verifier needs */   \
		if (length > class_bytes ||                                                        \
		    read_user(record + 1, length, piece->source, may_fault)) {                     \
			count_loss(SONDE_LOSS_FAULT, length);                                      \
			record->captured_len = 0;                                                  \
			record->header.size = sizeof(*record);                                     \
		}                                                                                  \
		bpf_ringbuf_submit(record, 0);                                                     \
		return 0;                                                                          \
	}

DEFINE_EMIT(256)
DEFINE_EMIT(2048)
DEFINE_EMIT(16640)
DEFINE_EMIT(65536)

static __always_inline void emit(const struct piece *piece, const bool may_fault)
{
	if (piece->length <= 256)
		emit_256(piece, may_fault);
	else if (piece->length <= 2048)
		emit_2048(piece, may_fault);
	else if (piece->length <= 16640)
		emit_16640(piece, may_fault);
	else
		emit_65536(piece, may_fault);
}

/* `tgid` 0: the handle means the same in every process (sockets). */
static __always_inline struct conn *find_conn(__u64 handle, __u32 tgid)
{
	struct conn_key key = {.handle = handle, .tgid = tgid};
	struct conn *conn = bpf_map_lookup_elem(&conns, &key);
	struct conn fresh = {};

	if (conn)
		return conn;
	fresh.generation_ns = bpf_ktime_get_ns();
	fresh.tgid = bpf_get_current_pid_tgid() >> 32;
	if (bpf_map_update_elem(&conns, &key, &fresh, BPF_NOEXIST))
		count_loss(SONDE_LOSS_MAP_FULL, 1);
	return bpf_map_lookup_elem(&conns, &key);
}

static __always_inline bool is_ignored(__u64 handle, const struct conn *conn)
{
	struct conn_key key = {.handle = handle, .tgid = conn->tgid};
	__u64 *generation = bpf_map_lookup_elem(&ignored, &key);

	return generation && *generation == conn->generation_ns;
}

/*
 * Whole chunks first, then the rest: so the loop's body has one size only. What follows the loop
 * does not depend on how often it ran, so that the verifier walks it once.
 */
static __always_inline void emit_pieces(struct piece *piece, __u64 length, const bool may_fault)
{
	__u64 chunks = length / SONDE_CHUNK_BYTES;
	__u32 rest = length % SONDE_CHUNK_BYTES;

	if (chunks >= SONDE_CHUNKS_PER_CALL) {
		count_loss(SONDE_LOSS_TOO_LONG,
			   length - (__u64)SONDE_CHUNKS_PER_CALL * SONDE_CHUNK_BYTES);
		chunks = SONDE_CHUNKS_PER_CALL;
		rest = 0;
	}
	piece->length = SONDE_CHUNK_BYTES;
	for (__u64 i = 0; i < SONDE_CHUNKS_PER_CALL && i < chunks; i++) {
		emit_65536(piece, may_fault);
		piece->position += SONDE_CHUNK_BYTES;
		piece->source += SONDE_CHUNK_BYTES;
	}
	piece->length = rest;
	if (rest)
		emit(piece, may_fault);
}

/* Takes room for `length` bytes in the stream; false: nobody wants to hear them. */
static __always_inline bool begin_piece(struct piece *piece, struct conn *conn, __u64 length)
{
	__u32 side = piece->call->direction & 1;

	piece->generation_ns = conn->generation_ns;
	piece->tgid = conn->tgid;
	piece->position = conn->position[side];
	conn->position[side] += length;
	return !is_ignored(piece->call->handle, conn);
}

static __always_inline void emit_call(const struct call *call, __u64 length)
{
	struct piece piece = {.call = call, .source = call->buffer};
	struct conn *conn = find_conn(call->handle, bpf_get_current_pid_tgid() >> 32);

	if (conn && begin_piece(&piece, conn, length))
		emit_pieces(&piece, length, true);
}

static __always_inline void close_conn(struct conn_key *key)
{
	struct conn *conn = bpf_map_lookup_elem(&conns, key);
	struct conn_key owner = *key;
	struct sonde_close_record *record;

	if (!conn)
		return;
	owner.tgid = conn->tgid;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (record) {
		fill_header(&record->header, SONDE_RECORD_CLOSE, sizeof(*record));
		record->header.tgid = conn->tgid;
		record->handle = key->handle;
		record->generation_ns = conn->generation_ns;
		record->end_pos[0] = conn->position[0];
		record->end_pos[1] = conn->position[1];
		bpf_ringbuf_submit(record, 0);
	} else {
		count_loss(SONDE_LOSS_EXEC, 1);
	}
	bpf_map_delete_elem(&conns, key);
	bpf_map_delete_elem(&ignored, &owner);
}

#endif /* SONDE_EMIT_H */
