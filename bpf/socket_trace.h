/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The programs that see every socket call's end. */
#ifndef SONDE_SOCKET_TRACE_H
#define SONDE_SOCKET_TRACE_H

#include "bpf/plain.h"
#include "bpf/socket_match.h"

static __always_inline int on_socket(struct sock *sk, __u16 local_port, __be16 peer_port,
				     int length, const bool sent)
{
	if (length <= 0)
		return 0;
	if (hears_plain &&
	    (is_plain_port(local_port) || is_plain_port(__builtin_bswap16(peer_port))))
		hear_plain(address_of_socket(sk), length, sent);
	if (sockets_wanted)
		match_socket(address_of_socket(sk), sent);
	return 0;
}

/* Linux 6.3 and later. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(socket_sent, struct sock *sk, int length, int flags)
{
	return on_socket(sk, sk->__sk_common.skc_num, sk->__sk_common.skc_dport, length, true);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(socket_received, struct sock *sk, int length, int flags)
{
	return on_socket(sk, sk->__sk_common.skc_num, sk->__sk_common.skc_dport, length, false);
}

/* Before it, where the kernel has kprobes: the socket at entry, the length at return. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, __u64);
	__type(value, struct sock *);
} socket_calls SEC(".maps");

static __always_inline int remember_socket(struct pt_regs *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct sock *sk = (struct sock *)PT_REGS_PARM1(ctx);

	if (sockets_wanted || hears_plain)
		bpf_map_update_elem(&socket_calls, &thread, &sk, BPF_ANY);
	return 0;
}

static __always_inline int socket_returned(struct pt_regs *ctx, const bool sent)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct sock **stored = bpf_map_lookup_elem(&socket_calls, &thread);
	struct sock *sk;

	if (!stored)
		return 0;
	sk = *stored;
	bpf_map_delete_elem(&socket_calls, &thread);
	return on_socket(sk, BPF_CORE_READ(sk, __sk_common.skc_num),
			 BPF_CORE_READ(sk, __sk_common.skc_dport), (int)PT_REGS_RC(ctx), sent);
}

SEC("kprobe/tcp_sendmsg")
int tcp_send_entry(struct pt_regs *ctx)
{
	return remember_socket(ctx);
}

SEC("kretprobe/tcp_sendmsg")
int tcp_send_return(struct pt_regs *ctx)
{
	return socket_returned(ctx, true);
}

SEC("kprobe/tcp_recvmsg")
int tcp_receive_entry(struct pt_regs *ctx)
{
	return remember_socket(ctx);
}

SEC("kretprobe/tcp_recvmsg")
int tcp_receive_return(struct pt_regs *ctx)
{
	return socket_returned(ctx, false);
}

#endif /* SONDE_SOCKET_TRACE_H */
