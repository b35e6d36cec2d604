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
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/kernel_types.h"
#include "sonde/abi.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set before load; the verifier then removes what does not apply. */
const volatile __u32 own_tgid;		/* Sonde's own traffic is not heard */
const volatile __u8 can_copy_from_user; /* programs are sleepable: absent pages are faulted in */
const volatile __u8 has_attach_cookie;	/* the cookie is the target's id */

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
	__u32 direction;
};

struct conn_key {
	__u64 handle;
	__u32 tgid;
	__u32 reserved;
};

struct conn {
	__u64 generation_ns;
	__u64 position[2];
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

/* One piece of a call on its way into the ring. */
struct piece {
	const struct call *call;
	__u64 generation_ns;
	__u64 position;
	__u64 source;
	__u32 length;
};

static __always_inline void fill_data(struct sonde_data_record *record, const struct piece *piece)
{
	record->handle = piece->call->handle;
	record->generation_ns = piece->generation_ns;
	record->stream_pos = piece->position;
	record->entry_ns = piece->call->entry_ns;
	record->original_len = piece->length;
	record->target = piece->call->target;
	record->direction = (__u16)piece->call->direction;
	record->reserved = 0;
}

static __always_inline long read_user(void *to, __u32 length, __u64 from)
{
	if (can_copy_from_user)
		return bpf_copy_from_user(to, length, (const void *)from);
	return bpf_probe_read_user(to, length, (const void *)from);
}

/*
 * Ring memory is reserved in size classes, because a reservation's size must be a constant: a short
 * message must not take the room of a long one.
 */
#define DEFINE_EMIT(class_bytes)                                                                   \
	static __always_inline int emit_##class_bytes(const struct piece *piece)                   \
	{                                                                                          \
		struct sonde_data_record *record;                                                  \
		__u32 length = piece->length;                                                      \
                                                                                                   \
		record = bpf_ringbuf_reserve(&ring, sizeof(*record) + class_bytes, 0);             \
		if (!record) {                                                                     \
			count_loss(SONDE_LOSS_RING_FULL, length);                                  \
			return 0;                                                                  \
		}                                                                                  \
		fill_header(&record->header, SONDE_RECORD_DATA, sizeof(*record) + length);         \
		fill_data(record, piece);                                                          \
		record->captured_len = length;                                                     \
		if (length > class_bytes || read_user(record + 1, length, piece->source)) {        \
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

static __always_inline void emit(const struct piece *piece)
{
	if (piece->length <= 256)
		emit_256(piece);
	else if (piece->length <= 2048)
		emit_2048(piece);
	else if (piece->length <= 16640)
		emit_16640(piece);
	else
		emit_65536(piece);
}

static __always_inline struct conn *find_conn(const struct call *call, __u32 tgid)
{
	struct conn_key key = {.handle = call->handle, .tgid = tgid};
	struct conn *conn = bpf_map_lookup_elem(&conns, &key);
	struct conn fresh = {};

	if (conn)
		return conn;
	fresh.generation_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&conns, &key, &fresh, BPF_NOEXIST))
		count_loss(SONDE_LOSS_MAP_FULL, 1);
	return bpf_map_lookup_elem(&conns, &key);
}

static __always_inline bool is_ignored(const struct call *call, const struct conn *conn, __u32 tgid)
{
	struct conn_key key = {.handle = call->handle, .tgid = tgid};
	__u64 *generation = bpf_map_lookup_elem(&ignored, &key);

	return generation && *generation == conn->generation_ns;
}

/*
 * Whole chunks first, then the rest: so the loop's body has one size only, and the verifier of
 * every kernel walks it in few steps.
 */
static __always_inline void emit_pieces(struct piece *piece, __u64 length)
{
	__u64 chunks = length / SONDE_CHUNK_BYTES;

	piece->length = SONDE_CHUNK_BYTES;
	for (__u64 i = 0; i < SONDE_CHUNKS_PER_CALL && i < chunks; i++) {
		emit_65536(piece);
		piece->position += SONDE_CHUNK_BYTES;
		piece->source += SONDE_CHUNK_BYTES;
	}
	if (chunks >= SONDE_CHUNKS_PER_CALL) {
		count_loss(SONDE_LOSS_TOO_LONG,
			   length - (__u64)SONDE_CHUNKS_PER_CALL * SONDE_CHUNK_BYTES);
		return;
	}
	piece->length = length % SONDE_CHUNK_BYTES;
	if (piece->length)
		emit(piece);
}

static __always_inline void emit_call(const struct call *call, __u64 length)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct piece piece = {.call = call, .source = call->buffer};
	struct conn *conn = find_conn(call, tgid);
	__u32 side = call->direction & 1;

	if (!conn)
		return;
	piece.generation_ns = conn->generation_ns;
	piece.position = conn->position[side];
	conn->position[side] += length;
	if (!is_ignored(call, conn, tgid))
		emit_pieces(&piece, length);
}

static __always_inline int remember(struct pt_regs *ctx, __u32 direction, __u64 length_ptr)
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

	if (pid_tgid >> 32 == own_tgid)
		return 0;
	if (has_attach_cookie)
		call.target = bpf_get_attach_cookie(ctx);
	if (bpf_map_update_elem(&calls, &key, &call, BPF_ANY))
		count_loss(SONDE_LOSS_MAP_FULL, 1);
	return 0;
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
	if (read_user(&length, sizeof(length), call->length_ptr))
		count_loss(SONDE_LOSS_FAULT, 1);
	return length;
}

static __always_inline int finish(struct pt_regs *ctx, __u64 stack_pointer, bool expected)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct call_key key = {.pid_tgid = pid_tgid, .stack_pointer = stack_pointer};
	struct call *stored, call;
	__u64 length;

	if (pid_tgid >> 32 == own_tgid)
		return 0;
	stored = bpf_map_lookup_elem(&calls, &key);
	if (!stored) {
		if (expected)
			count_loss(SONDE_LOSS_NO_ENTRY, 1);
		return 0;
	}
	call = *stored;
	bpf_map_delete_elem(&calls, &key);
	length = call_result(ctx, &call);
	if (length)
		emit_call(&call, length);
	return 0;
}

/* At a RET that only the probed function reaches. */
SEC("uprobe")
int call_return(struct pt_regs *ctx)
{
	return finish(ctx, PT_REGS_SP(ctx), true);
}

/* At a RET that other functions reach too. */
SEC("uprobe")
int call_return_shared(struct pt_regs *ctx)
{
	return finish(ctx, PT_REGS_SP(ctx), false);
}

SEC("uprobe")
int handle_freed(struct pt_regs *ctx)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct conn_key key = {.handle = PT_REGS_PARM1(ctx), .tgid = tgid};
	struct conn *conn = bpf_map_lookup_elem(&conns, &key);
	struct sonde_close_record *record;

	if (!conn)
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (record) {
		fill_header(&record->header, SONDE_RECORD_CLOSE, sizeof(*record));
		record->handle = key.handle;
		record->generation_ns = conn->generation_ns;
		record->end_pos[0] = conn->position[0];
		record->end_pos[1] = conn->position[1];
		bpf_ringbuf_submit(record, 0);
	}
	bpf_map_delete_elem(&conns, &key);
	bpf_map_delete_elem(&ignored, &key);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct {
		struct sonde_exec_record fixed;
		char args[SONDE_ARGS_BYTES];
	} *record;
	unsigned long start = BPF_CORE_READ(task, mm, arg_start);
	unsigned long end = BPF_CORE_READ(task, mm, arg_end);
	__u64 length = end - start;

	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(SONDE_LOSS_EXEC, 1);
		return 0;
	}
	fill_header(&record->fixed.header, SONDE_RECORD_EXEC, sizeof(record->fixed));
	record->fixed.parent_tgid = BPF_CORE_READ(task, real_parent, tgid);
	record->fixed.uid = (__u32)bpf_get_current_uid_gid();
	record->fixed.start_time_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	record->fixed.cgroup_id = bpf_get_current_cgroup_id();
	record->fixed.reserved = 0;
	bpf_probe_read_kernel_str(record->fixed.path, sizeof(record->fixed.path),
				  BPF_CORE_READ(bprm, filename));
	if (length > SONDE_ARGS_BYTES)
		length = SONDE_ARGS_BYTES;
	if (bpf_probe_read_user(record->args, length, (const void *)start))
		length = 0;
	record->fixed.args_len = length;
	record->fixed.header.size = sizeof(record->fixed) + length;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	struct sonde_exit_record *record;
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	if ((__u32)pid_tgid != pid_tgid >> 32)
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(SONDE_LOSS_EXEC, 1);
		return 0;
	}
	fill_header(&record->header, SONDE_RECORD_EXIT, sizeof(*record));
	bpf_ringbuf_submit(record, 0);
	return 0;
}
