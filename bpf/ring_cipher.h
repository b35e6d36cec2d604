/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * rustls over ring: the assembly below its AEADs.
 *
 * AES-GCM: one call has one TLS record's input, the key, the nonce, and the hash of the additional
 * data; that is all it takes to tell in user space whether this is a TLS record, and what it says
 * (agent/capture/record_opener.h). Where the processor has VAES, only whole blocks go that way:
 * what is left lies behind them, and a record of less than a block goes through the counter mode
 * alone.
 *
 * ChaCha20-Poly1305: one call has all of one record, the additional data too, as in aead.h.
 *
 * Keys stand where each call finds them, and cipher contexts are copied about: what identifies a
 * direction of a connection is the key itself.
 */
#ifndef SONDE_RING_CIPHER_H
#define SONDE_RING_CIPHER_H

#include "bpf/aead.h"

#define AES_BLOCK_BYTES	      16
#define NONCE_BYTES	      12
#define AES_KEY_ROUNDS_OFFSET 240
#define CTR_OF_TAG	      1 /* NIST SP 800-38D, 7.1 */
#define CTR_OF_DATA	      2

struct cipher_key {
	__u64 word[4];
};

static __always_inline __u64 handle_of_key(const struct cipher_key *key)
{
	__u64 handle = handle_key;

	for (int i = 0; i < 4; i++) {
		handle = (handle ^ key->word[i]) * 0x9e3779b97f4a7c15ull;
		handle ^= handle >> 29;
	}
	return handle;
}

/* The direction that `call` is of, by the key at `address`. */
static __always_inline bool identify(struct call *call, __u64 address)
{
	struct cipher_key key;

	if (bpf_probe_read_user(&key, sizeof(key), (const void *)address))
		return false;
	call->handle = handle_of_key(&key);
	return true;
}

/* What a thread's last record began with. */
struct record_start {
	__u64 key;	  /* where it stands */
	__u64 counter[2]; /* 12 bytes of nonce, then a big-endian number */
	__u64 block[2];	  /* input, padded with zeros */
	__u64 told;	  /* by the function that had all of it */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, __u64);
	__type(value, struct record_start);
} record_starts SEC(".maps");

/* A call of an AES-GCM function. */
struct gcm_call {
	struct call call;
	__u64 key; /* where it stands */
	__u64 counter;
	__u64 hash;
	__u32 length;
	__u32 kind; /* SONDE_SEALED_ */
};

static __always_inline bool fill_sealed(struct sonde_sealed_record *record,
					const struct gcm_call *gcm, const struct piece *piece)
{
	fill_header(&record->data.header, SONDE_RECORD_SEALED, sizeof(*record));
	fill_data(&record->data, piece);
	record->data.captured_len = 0;
	record->kind = gcm->kind;
	return !bpf_probe_read_user(record->key, sizeof(record->key), (const void *)gcm->key) &&
	       !bpf_probe_read_user(&record->rounds, sizeof(record->rounds),
				    (const void *)(gcm->key + AES_KEY_ROUNDS_OFFSET)) &&
	       !bpf_probe_read_user(record->counter, sizeof(record->counter),
				    (const void *)gcm->counter) &&
	       !bpf_probe_read_user(record->hash, sizeof(record->hash), (const void *)gcm->hash);
}

/* The next `length` bytes of the direction, which is the whole of what its key makes. */
static __always_inline bool begin_sealed(struct pt_regs *ctx, struct gcm_call *gcm,
					 struct piece *piece)
{
	struct conn *conn;

	piece->call = &gcm->call;
	piece->length = gcm->length;
	piece->tgid = bpf_get_current_pid_tgid() >> 32;
	conn = find_conn(gcm->call.handle, piece->tgid);
	if (!conn || is_ignored(gcm->call.handle, conn))
		return false;
	gcm->call.target = target_of(ctx);
	piece->generation_ns = conn->generation_ns;
	piece->position = conn->position[0];
	conn->position[0] += gcm->length;
	return true;
}

/* See DEFINE_EMIT. The input's tail may be beyond what is mapped. */
#define DEFINE_EMIT_SEALED(class_bytes)                                                            \
	static __always_inline int emit_sealed_##class_bytes(const struct gcm_call *gcm,           \
							     const struct piece *piece)            \
	{                                                                                          \
		struct sonde_sealed_record *record;                                                \
		__u64 length = piece->length + SONDE_SEALED_TAIL;                                  \
                                                                                                   \
		record = bpf_ringbuf_reserve(&ring, sizeof(*record) + class_bytes, 0);             \
		if (!record) {                                                                     \
			count_loss(SONDE_LOSS_RING_FULL, piece->length);                           \
			return 0;                                                                  \
		}                                                                                  \
		if (!fill_sealed(record, gcm, piece)) {                                            \
			bpf_ringbuf_discard(record, 0);                                            \
			count_loss(SONDE_LOSS_FAULT, piece->length);                               \
			return 0;                                                                  \
		}                                                                                  \
		barrier_var(length);                                                               \
		if (length > class_bytes || read_user(record + 1, length, piece->source, true)) {  \
			length = piece->length;                                                    \
			barrier_var(length);                                                       \
			if (length > class_bytes ||                                                \
			    read_user(record + 1, length, piece->source, true)) {                  \
				count_loss(SONDE_LOSS_FAULT, piece->length);                       \
				length = 0;                                                        \
			}                                                                          \
		}                                                                                  \
		record->data.captured_len = length;                                                \
		record->data.header.size = sizeof(*record) + length;                               \
		bpf_ringbuf_submit(record, 0);                                                     \
		return 0;                                                                          \
	}

DEFINE_EMIT_SEALED(256)
DEFINE_EMIT_SEALED(2048)
DEFINE_EMIT_SEALED(16656) /* TLS_RECORD_MAX and a tail */

static __always_inline int emit_sealed(struct pt_regs *ctx, struct gcm_call *gcm)
{
	struct piece piece = {.source = gcm->call.buffer};

	if (!begin_sealed(ctx, gcm, &piece))
		return 0;
	if (piece.length <= 256 - SONDE_SEALED_TAIL)
		return emit_sealed_256(gcm, &piece);
	if (piece.length <= 2048 - SONDE_SEALED_TAIL)
		return emit_sealed_2048(gcm, &piece);
	return emit_sealed_16656(gcm, &piece);
}

static __always_inline bool read_start(struct pt_regs *ctx, struct record_start *start)
{
	start->key = PT_REGS_PARM4(ctx);
	return !bpf_probe_read_user(start->counter, sizeof(start->counter),
				    (const void *)PT_REGS_PARM5(ctx));
}

static __always_inline __u32 counter_of(const struct record_start *start)
{
	return __builtin_bswap32(start->counter[1] >> 32);
}

static __always_inline bool same_record(const struct record_start *a, const struct record_start *b)
{
	return a->key == b->key && a->counter[0] == b->counter[0] &&
	       (__u32)a->counter[1] == (__u32)b->counter[1];
}

/* f(input, output, length, key, counter, ...): `hash` is where the additional data's hash is. */
static __always_inline int gcm_entry(struct pt_regs *ctx, __u64 hash, const __u32 kind)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct record_start start = {.told = 1};
	struct gcm_call gcm = {
		.call = half_call(0, PT_REGS_PARM1(ctx),
				  kind == SONDE_SEALED_ENCRYPT ? SONDE_DIRECTION_SENT
							       : SONDE_DIRECTION_RECEIVED),
		.key = PT_REGS_PARM4(ctx),
		.counter = PT_REGS_PARM5(ctx),
		.hash = hash,
		.length = PT_REGS_PARM3(ctx),
		.kind = kind,
	};

	if (thread >> 32 == own_tgid || PT_REGS_PARM3(ctx) > TLS_RECORD_MAX ||
	    !read_start(ctx, &start) || counter_of(&start) != CTR_OF_DATA ||
	    !identify(&gcm.call, gcm.key))
		return 0;
	bpf_map_update_elem(&record_starts, &thread, &start, BPF_ANY);
	emit_sealed(ctx, &gcm);
	if (kind == SONDE_SEALED_ENCRYPT)
		expect_record(&gcm.call, gcm.length);
	else
		match_received_record(&gcm.call, gcm.call.buffer);
	return 0;
}

/* Since ring 0.17: (input, output, length, key, counter, Htable, Xi) */
SEC("uprobe")
int ring_gcm_encrypt(struct pt_regs *ctx)
{
	return gcm_entry(ctx, c_argument(ctx, 6), SONDE_SEALED_ENCRYPT);
}

SEC("uprobe")
int ring_gcm_decrypt(struct pt_regs *ctx)
{
	return gcm_entry(ctx, c_argument(ctx, 6), SONDE_SEALED_DECRYPT);
}

/* Before: (input, output, length, key, counter, context), and the context begins with Xi. */
SEC("uprobe")
int ring_gcm_context_encrypt(struct pt_regs *ctx)
{
	return gcm_entry(ctx, c_argument(ctx, 5), SONDE_SEALED_ENCRYPT);
}

SEC("uprobe")
int ring_gcm_context_decrypt(struct pt_regs *ctx)
{
	return gcm_entry(ctx, c_argument(ctx, 5), SONDE_SEALED_DECRYPT);
}

static __always_inline int emit_short(struct pt_regs *ctx, struct gcm_call *gcm,
				      const struct record_start *start)
{
	struct sonde_sealed_record *record;
	struct piece piece = {};

	if (!begin_sealed(ctx, gcm, &piece))
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record) + AES_BLOCK_BYTES, 0);
	if (!record) {
		count_loss(SONDE_LOSS_RING_FULL, AES_BLOCK_BYTES);
		return 0;
	}
	if (!fill_sealed(record, gcm, &piece)) {
		bpf_ringbuf_discard(record, 0);
		count_loss(SONDE_LOSS_FAULT, AES_BLOCK_BYTES);
		return 0;
	}
	__builtin_memcpy(record + 1, start->block, AES_BLOCK_BYTES);
	__builtin_memcpy(record->counter, start->counter, AES_BLOCK_BYTES);
	record->data.captured_len = AES_BLOCK_BYTES;
	record->data.header.size = sizeof(*record) + AES_BLOCK_BYTES;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

/*
 * Counter mode (input, output, blocks, key, counter) makes the only block of a short record; then
 * the tag, whose input is the hash of all that was said: that tells the record's length.
 */
SEC("uprobe")
int ring_counter_mode(struct pt_regs *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct record_start *last, start = {};
	struct gcm_call gcm = {
		.call = half_call(0, 0, SONDE_DIRECTION_RECEIVED), /* or sent */
		.key = PT_REGS_PARM4(ctx),
		.counter = PT_REGS_PARM5(ctx),
		.hash = PT_REGS_PARM1(ctx),
		.length = AES_BLOCK_BYTES,
		.kind = SONDE_SEALED_SHORT,
	};

	if (PT_REGS_PARM3(ctx) != 1 || thread >> 32 == own_tgid || !read_start(ctx, &start))
		return 0;
	last = bpf_map_lookup_elem(&record_starts, &thread);
	if (counter_of(&start) == CTR_OF_DATA && !(last && same_record(last, &start))) {
		if (!bpf_probe_read_user(start.block, sizeof(start.block), (const void *)gcm.hash))
			bpf_map_update_elem(&record_starts, &thread, &start, BPF_ANY);
		return 0;
	}
	if (counter_of(&start) != CTR_OF_TAG || !last || last->told || !same_record(last, &start) ||
	    !identify(&gcm.call, gcm.key))
		return 0;
	last->told = 1;
	return emit_short(ctx, &gcm, last);
}

/* (output, input, length, ad, ad_length, key and nonce) */
SEC("uprobe")
int ring_chacha_seal(struct pt_regs *ctx)
{
	enum tls_record kind = record_kind(PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx));
	struct call call = half_call(0, PT_REGS_PARM2(ctx), SONDE_DIRECTION_SENT);

	if (!is_heard(kind) || !identify(&call, c_argument(ctx, 5)))
		return 0;
	emit_record(ctx, &call, kind, PT_REGS_PARM3(ctx));
	expect_record(&call, PT_REGS_PARM3(ctx));
	return 0;
}

SEC("uprobe")
int ring_chacha_open(struct pt_regs *ctx)
{
	struct open_call open = {
		.call = half_call(0, PT_REGS_PARM1(ctx), SONDE_DIRECTION_RECEIVED),
		.stack_pointer = PT_REGS_SP(ctx),
		.length = PT_REGS_PARM3(ctx),
		.kind = record_kind(PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx)),
	};

	if (!is_heard(open.kind) || !identify(&open.call, c_argument(ctx, 5)))
		return 0;
	keep_open_call(&open);
	match_received_record(&open.call, PT_REGS_PARM2(ctx));
	return 0;
}

/* The function returns nothing; whether the tag was right is found out by its caller. */
SEC("uprobe")
int ring_chacha_open_return(struct pt_regs *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct open_call *stored = bpf_map_lookup_elem(&open_calls, &pid_tgid);
	struct open_call open;

	if (!stored || stored->stack_pointer != PT_REGS_SP(ctx))
		return 0;
	open = *stored;
	bpf_map_delete_elem(&open_calls, &pid_tgid);
	emit_record(ctx, &open.call, open.kind, open.length);
	return 0;
}

#endif /* SONDE_RING_CIPHER_H */
