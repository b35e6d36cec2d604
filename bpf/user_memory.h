/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Bytes that a system call has moved, out of the memory it moved them from or to. Functions of
 * their own, not inlined: the verifier walks each once, not once for every way that leads there.
Together with its callers one must fit into 512 bytes of stack.
 */
#ifndef SONDE_USER_MEMORY_H
#define SONDE_USER_MEMORY_H

#include "bpf/emit.h"
#include "bpf/syscall.h"

/* Buffers of one writev() that are followed in one go, or verifiers before Linux 6.2 give up. */
#define VECTORS_AT_ONCE 64
#define VECTOR_ROUNDS	16 /* UIO_MAXIOV is 1024 */

/* Whose bytes: the process, or 0 where the handle means the same in all; direction and flags. */
#define OWNER(tgid, direction, flags) ((__u64)(tgid) << 8 | (flags) << 1 | (direction))
#define OWNER_TGID(owner)	      ((__u32)((owner) >> 8))
#define OWNER_DIRECTION(owner)	      ((__u16)((owner) & 1))
#define OWNER_FLAGS(owner)	      ((__u16)((owner) >> 1 & 0x7f))

__noinline int emit_memory(__u64 handle, __u64 owner, __u64 position, __u64 source, __u64 length)
{
	struct conn_key key = {.handle = handle, .tgid = OWNER_TGID(owner)};
	struct conn *conn = bpf_map_lookup_elem(&conns, &key);
	struct call call = {
		.handle = handle,
		.entry_ns = bpf_ktime_get_ns(),
		.target = OWNER_TGID(owner) ? SONDE_TARGET_STDIO : SONDE_TARGET_SOCKET,
		.direction = OWNER_DIRECTION(owner),
		.flags = OWNER_FLAGS(owner),
	};
	struct piece piece = {.call = &call, .position = position, .source = source};

	if (!conn)
		return 0;
	piece.generation_ns = conn->generation_ns;
	piece.tgid = conn->tgid;
	emit_pieces(&piece, length, false);
	return 0;
}

/*
 * `length` bytes of the memory that the system call in progress names, from buffer `first` on.
 * Answers how many of them it did not get to.
 */
__noinline __u64 emit_buffers(__u64 handle, __u64 owner, __u64 position, __u64 length, __u32 first)
{
	struct user_buffers buffers = {};
	struct system_call call = {};

	if (!current_call(&call) || !find_user_buffers(&call, &buffers))
		return length; /* sendfile, splice, io_uring */
	for (__u32 i = 0; i < VECTORS_AT_ONCE; i++) {
		struct user_vector vector = buffers.first;
		__u64 number = (__u64)first + i;

		if (!length || number >= buffers.count)
			break;
		if (number &&
		    bpf_probe_read_user(&vector, sizeof(vector),
					(const void *)(buffers.table + number * sizeof(vector))))
			break;
		if (vector.length > length)
			vector.length = length;
		emit_memory(handle, owner, position, vector.base, vector.length);
		position += vector.length;
		length -= vector.length;
	}
	return length;
}

static __always_inline void emit_moved(__u64 handle, __u64 owner, __u64 position, __u64 length)
{
	__u64 rest = length;

	for (__u32 round = 0; round < VECTOR_ROUNDS && rest; round++) {
		__u64 before = rest;

		rest = emit_buffers(handle, owner, position + length - rest, rest,
				    round * VECTORS_AT_ONCE);
		if (rest == before)
			break;
	}
	if (rest)
		count_loss(SONDE_LOSS_FAULT, rest);
}

/* Takes room in the stream for `length` bytes; *wanted: somebody wants to hear them. */
static __always_inline __u64 take_room(__u64 handle, struct conn *conn, __u32 direction,
				       __u64 length, bool *wanted)
{
	__u64 position = conn->position[direction & 1];

	conn->position[direction & 1] = position + length;
	*wanted = !is_ignored(handle, conn);
	return position;
}

#endif /* SONDE_USER_MEMORY_H */
