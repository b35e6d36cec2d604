/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Go's crypto/tls. ABIInternal (Go 1.17 on amd64, 1.18 on arm64): arguments and results in
 * registers, the goroutine in one of its own. A goroutine may change its thread and its stack in
 * the middle of a call, so calls are keyed by the goroutine. When the stack has to grow, the
 * function begins once more from its entry, which only remembers the same again.
 */
#ifndef SONDE_GO_H
#define SONDE_GO_H

#include "bpf/emit.h"
#include "bpf/socket_match.h"

#if defined(__TARGET_ARCH_x86)
#define GO_ARGUMENT_1(ctx) ((ctx)->rax)
#define GO_ARGUMENT_2(ctx) ((ctx)->rbx)
#define GO_ARGUMENT_3(ctx) ((ctx)->rcx)
#define GO_GOROUTINE(ctx)  ((ctx)->r14)
#elif defined(__TARGET_ARCH_arm64)
#define GO_ARGUMENT_1(ctx) (((const struct user_pt_regs *)(ctx))->regs[0])
#define GO_ARGUMENT_2(ctx) (((const struct user_pt_regs *)(ctx))->regs[1])
#define GO_ARGUMENT_3(ctx) (((const struct user_pt_regs *)(ctx))->regs[2])
#define GO_GOROUTINE(ctx)  (((const struct user_pt_regs *)(ctx))->regs[28])
#endif

/* Instead of a thread id, which would change: one call of each direction in a goroutine. */
static __always_inline struct call_key go_key(struct pt_regs *ctx, __u16 direction)
{
	__u64 tgid = bpf_get_current_pid_tgid() >> 32;
	struct call_key key = {.pid_tgid = tgid << 32 | direction,
			       .stack_pointer = GO_GOROUTINE(ctx)};

	return key;
}

static __always_inline struct call go_call(struct pt_regs *ctx, __u16 direction)
{
	struct call call = {
		.handle = GO_ARGUMENT_1(ctx),
		.buffer = GO_ARGUMENT_2(ctx),
		.entry_ns = bpf_ktime_get_ns(),
		.direction = direction,
	};

	go_heard = 1;
	return call;
}

/* func (c *Conn) Read(b []byte) (int, error) */
SEC("uprobe")
int go_read_entry(struct pt_regs *ctx)
{
	struct call_key key = go_key(ctx, SONDE_DIRECTION_RECEIVED);
	struct call call = go_call(ctx, SONDE_DIRECTION_RECEIVED);

	return begin_call(ctx, &key, &call);
}

SEC("uprobe")
int go_read_return(struct pt_regs *ctx)
{
	struct call_key key = go_key(ctx, SONDE_DIRECTION_RECEIVED);
	__s64 length = (__s64)GO_ARGUMENT_1(ctx);
	struct call call;

	if (!end_call(&key, &call, true))
		return 0;
	if (length > 0)
		emit_call(&call, (__u64)length);
	socket_call_over(&key, &call, 0);
	return 0;
}

/*
 * func (c *Conn) Write(b []byte) (int, error)
 *
 * Heard at its entry: it writes all or the connection has failed, and a program may well end by the
 * answer to a request before the goroutine that wrote it has returned.
 */
SEC("uprobe")
int go_write_entry(struct pt_regs *ctx)
{
	struct call_key key = go_key(ctx, SONDE_DIRECTION_SENT);
	struct call call = go_call(ctx, SONDE_DIRECTION_SENT);
	struct call *begun = bpf_map_lookup_elem(&calls, &key);
	__u64 length = GO_ARGUMENT_3(ctx);

	if (key.pid_tgid >> 32 == own_tgid)
		return 0;
	if (begun && begun->handle == call.handle && begun->buffer == call.buffer)
		return 0; /* once more from the entry, on a larger stack */
	begin_call(ctx, &key, &call);
	if (length)
		emit_call(&call, length);
	return 0;
}

SEC("uprobe")
int go_write_return(struct pt_regs *ctx)
{
	struct call_key key = go_key(ctx, SONDE_DIRECTION_SENT);
	struct call call;

	if (end_call(&key, &call, true))
		socket_call_over(&key, &call, 0);
	return 0;
}

/* func (c *Conn) Close() error */
SEC("uprobe")
int go_close_entry(struct pt_regs *ctx)
{
	struct conn_key key = {.handle = GO_ARGUMENT_1(ctx),
			       .tgid = bpf_get_current_pid_tgid() >> 32};

	close_conn(&key);
	return 0;
}

#endif /* SONDE_GO_H */
