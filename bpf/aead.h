/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * rustls over aws-lc: one call of EVP_AEAD_CTX_* is one TLS record. The additional data tells
 * whether it is one (RFC 8446, 5.2; RFC 5246, 6.2.3.3), the last byte of a TLS 1.3 plaintext what
 * it carries. Each direction has a context of its own, so what is heard here are half connections.
 */
#ifndef SONDE_AEAD_H
#define SONDE_AEAD_H

#include "bpf/emit.h"
#include "bpf/socket_match.h"

#define TLS_APPLICATION_DATA 0x17
#define TLS13_HEADER_BYTES   5	/* type, version, length */
#define TLS12_AAD_BYTES	     13 /* sequence number, then the same */
#define TLS_RECORD_MAX	     (16384 + 256)
#define MAX_PADDING_STEPS    64

/* Argument `n` (from 0) of a C function at its entry. */
static __always_inline __u64 c_argument(struct pt_regs *ctx, const int n)
{
	__u64 value = 0;

	switch (n) {
	case 0:
		return PT_REGS_PARM1(ctx);
	case 1:
		return PT_REGS_PARM2(ctx);
	case 2:
		return PT_REGS_PARM3(ctx);
	case 3:
		return PT_REGS_PARM4(ctx);
	case 4:
		return PT_REGS_PARM5(ctx);
#if defined(__TARGET_ARCH_x86)
	case 5:
		return ctx->r9;
	default:
		bpf_probe_read_user(&value, sizeof(value),
				    (const void *)(PT_REGS_SP(ctx) + 8 + 8 * (n - 6)));
		return value;
#elif defined(__TARGET_ARCH_arm64)
	case 5:
	case 6:
	case 7:
		return ((const struct user_pt_regs *)ctx)->regs[n];
	default:
		bpf_probe_read_user(&value, sizeof(value),
				    (const void *)(PT_REGS_SP(ctx) + 8 * (n - 8)));
		return value;
#endif
	}
}

enum tls_record { NO_TLS_RECORD, TLS12_DATA, TLS13_ANY };

static __always_inline enum tls_record record_kind(__u64 ad, __u64 ad_length)
{
	__u8 header[TLS12_AAD_BYTES] = {};

	if (ad_length == TLS13_HEADER_BYTES) {
		if (bpf_probe_read_user(header, TLS13_HEADER_BYTES, (const void *)ad))
			return NO_TLS_RECORD;
		return header[0] == TLS_APPLICATION_DATA && header[1] == 3 ? TLS13_ANY
									   : NO_TLS_RECORD;
	}
	if (ad_length != TLS12_AAD_BYTES ||
	    bpf_probe_read_user(header, TLS12_AAD_BYTES, (const void *)ad))
		return NO_TLS_RECORD;
	return header[8] == TLS_APPLICATION_DATA && header[9] == 3 ? TLS12_DATA : NO_TLS_RECORD;
}

/* Length of the application data in a TLS 1.3 plaintext: without padding and type; 0 if none. */
static __always_inline __u64 inner_length(__u64 buffer, __u64 length)
{
	for (int i = 0; i < MAX_PADDING_STEPS && length > 0; i++) {
		__u8 type = 0;

		length--;
		if (bpf_probe_read_user(&type, 1, (const void *)(buffer + length)))
			return 0;
		if (type)
			return type == TLS_APPLICATION_DATA ? length : 0;
	}
	return 0;
}

static __always_inline void emit_record(struct pt_regs *ctx, struct call *call,
					enum tls_record kind, __u64 length)
{
	struct piece piece = {.call = call, .source = call->buffer};
	struct conn *conn;

	if (length > TLS_RECORD_MAX)
		return;
	if (kind == TLS13_ANY)
		length = inner_length(call->buffer, length);
	if (!length)
		return;
	call->target = target_of(ctx);
	conn = find_conn(call->handle, bpf_get_current_pid_tgid() >> 32);
	if (!conn || !begin_piece(&piece, conn, length))
		return;
	piece.length = length;
	emit(&piece, true); /* a record is one piece */
}

static __always_inline bool is_heard(enum tls_record kind)
{
	return kind != NO_TLS_RECORD && bpf_get_current_pid_tgid() >> 32 != own_tgid;
}

/* One record of half a connection, whose plaintext is or will be at `buffer`. */
static __always_inline struct call half_call(__u64 handle, __u64 buffer, const __u32 direction)
{
	struct call call = {
		.handle = handle,
		.buffer = buffer,
		.entry_ns = bpf_ktime_get_ns(),
		.direction = direction,
		.flags = SONDE_DATA_HALF,
	};

	return call;
}

static __always_inline int seal(struct pt_regs *ctx, const int in, const int ad)
{
	enum tls_record kind = record_kind(c_argument(ctx, ad), c_argument(ctx, ad + 1));
	struct call call = half_call(PT_REGS_PARM1(ctx), c_argument(ctx, in), SONDE_DIRECTION_SENT);

	if (!is_heard(kind))
		return 0;
	emit_record(ctx, &call, kind, c_argument(ctx, in + 1));
	expect_ciphertext(&call, PT_REGS_PARM2(ctx));
	return 0;
}

SEC("uprobe")
int aead_seal_entry(struct pt_regs *ctx)
{
	return seal(ctx, 6, 8);
}

SEC("uprobe")
int aead_seal_scatter_entry(struct pt_regs *ctx)
{
	return seal(ctx, 7, 11);
}

/*
 * open() may call open_gather(): both use the one place of their thread, and the return that counts
 * is that of the outer call, known by its stack pointer.
 */
struct open_call {
	struct call call;
	__u64 stack_pointer;
	__u64 length; /* of the plaintext; or where it will be, see length_ptr */
	__u32 kind;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, __u64);
	__type(value, struct open_call);
} open_calls SEC(".maps");

static __always_inline void keep_open_call(const struct open_call *open)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	if (bpf_map_update_elem(&open_calls, &pid_tgid, open, BPF_ANY))
		count_loss(SONDE_LOSS_MAP_FULL, 1);
}

static __always_inline int open_entry(struct pt_regs *ctx, __u64 length_ptr, const int in,
				      const int ad)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct open_call *outer = bpf_map_lookup_elem(&open_calls, &pid_tgid);
	struct open_call open = {
		.call = half_call(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), SONDE_DIRECTION_RECEIVED),
		.stack_pointer = PT_REGS_SP(ctx),
		.length = c_argument(ctx, in + 1),
		.kind = record_kind(c_argument(ctx, ad), c_argument(ctx, ad + 1)),
	};

	open.call.length_ptr = length_ptr;
	if (!is_heard(open.kind))
		return 0;
	if (outer && outer->call.handle == open.call.handle &&
	    outer->stack_pointer > open.stack_pointer && outer->call.buffer == open.call.buffer)
		return 0;
	keep_open_call(&open);
	match_received(&open.call, c_argument(ctx, in));
	return 0;
}

SEC("uprobe")
int aead_open_entry(struct pt_regs *ctx)
{
	return open_entry(ctx, PT_REGS_PARM3(ctx), 6, 8);
}

SEC("uprobe")
int aead_open_gather_entry(struct pt_regs *ctx)
{
	return open_entry(ctx, 0, 4, 8);
}

SEC("uprobe")
int aead_open_return(struct pt_regs *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct open_call *stored = bpf_map_lookup_elem(&open_calls, &pid_tgid);
	struct open_call open;

	if (!stored || stored->stack_pointer != PT_REGS_SP(ctx))
		return 0;
	open = *stored;
	bpf_map_delete_elem(&open_calls, &pid_tgid);
	if ((__s32)PT_REGS_RC(ctx) != 1)
		return 0;
	if (open.call.length_ptr && bpf_probe_read_user(&open.length, sizeof(open.length),
							(const void *)open.call.length_ptr)) {
		count_loss(SONDE_LOSS_FAULT, open.length);
		return 0;
	}
	emit_record(ctx, &open.call, open.kind, open.length);
	return 0;
}

#endif /* SONDE_AEAD_H */
