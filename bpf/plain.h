/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * HTTP without TLS, heard where the socket layer has just sent or delivered it. Only connections
 * with a chosen port at either end: for all others the cost is the test of two bits.
 */
#ifndef SONDE_PLAIN_H
#define SONDE_PLAIN_H

#include "bpf/socket.h"
#include "bpf/user_memory.h"

#define STATE_TCP_ESTABLISHED 1
#define STATE_TCP_CLOSE	      7

/* A bit for each TCP port; set by user space. */
__u64 plain_ports[65536 / 64];

static __always_inline bool is_plain_port(__u16 port)
{
	return plain_ports[port >> 6] >> (port & 63) & 1;
}

/* Not inlined: see user_memory.h. `address` is that of a struct sock. The bytes' place, and 1. */
__noinline __u64 begin_plain(__u64 address, __u64 length, __u32 sent)
{
	struct socket_facts facts;
	struct system_call call = {};
	struct conn *conn;
	bool wanted;
	__u64 position;

	if (bpf_get_current_pid_tgid() >> 32 == own_tgid ||
	    !read_socket((struct sock *)address, &facts))
		return 0;
	if (!sent && current_call(&call) && only_looks(&call))
		return 0;
	conn = find_conn(facts.socket, 0);
	if (!conn)
		return 0;
	if (!conn->socket)
		tell_socket(facts.socket, conn, &facts, SONDE_FOUND_BY_SYSCALL, 0);
	position = take_room(facts.socket, conn, sent, length, &wanted);
	return wanted ? position + 1 : 0;
}

static __always_inline void hear_plain(__u64 address, __u64 length, const bool sent)
{
	__u64 begun = begin_plain(address, length, sent);

	if (begun)
		emit_moved(address ^ handle_key, OWNER(0, sent, 0), begun - 1, length);
}

static __always_inline void forget_socket(struct sock *sk)
{
	struct conn_key key = {.handle = address_of_socket(sk) ^ handle_key};

	close_conn(&key);
}

/* The kernel reuses a socket's memory, so that it counts as a new one once it is connected. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(plain_socket_state, struct sock *sk, int old_state, int new_state)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;

	/* Whatever its ports: the local one is given back before the socket is closed. */
	if (new_state == STATE_TCP_ESTABLISHED)
		forget_socket(sk);
	/* After a reset there may be bytes that the application has not read yet. */
	if (new_state == STATE_TCP_CLOSE &&
	    BPF_CORE_READ(tcp, rcv_nxt) == BPF_CORE_READ(tcp, copied_seq))
		forget_socket(sk);
	return 0;
}

#endif /* SONDE_PLAIN_H */
