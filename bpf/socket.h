/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What is told of a socket: its addresses, and which handle's bytes go through it. */
#ifndef SONDE_SOCKET_H
#define SONDE_SOCKET_H

#include "bpf/emit.h"

#define AF_UNIX	    1
#define AF_INET	    2
#define AF_INET6    10
#define IPPROTO_TCP 6

struct socket_facts {
	__u64 socket; /* 0: none */
	__u8 local_address[16];
	__u8 peer_address[16];
	__u16 local_port;
	__u16 peer_port;
	__u32 reserved;
};

/* ::ffff:a.b.c.d */
static __always_inline void map_address(__u8 *to, __be32 from)
{
	__builtin_memset(to, 0, 10);
	to[10] = 0xff;
	to[11] = 0xff;
	__builtin_memcpy(to + 12, &from, 4);
}

static __always_inline __u64 address_of_socket(struct sock *sk)
{
	__u64 address = 0;

	/* By way of memory: the verifier knows no arithmetic on pointers to kernel objects. */
	bpf_probe_read_kernel(&address, sizeof(address), &sk);
	return address;
}

static __always_inline bool read_socket(struct sock *sk, struct socket_facts *facts)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if ((family != AF_INET && family != AF_INET6) ||
	    BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return false;
	__builtin_memset(facts, 0, sizeof(*facts));
	facts->socket = address_of_socket(sk) ^ handle_key;
	facts->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	facts->peer_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (family == AF_INET) {
		map_address(facts->local_address, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		map_address(facts->peer_address, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else {
		bpf_core_read(facts->local_address, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(facts->peer_address, 16, &sk->__sk_common.skc_v6_daddr);
	}
	return true;
}

static __always_inline void tell_socket(__u64 handle, struct conn *conn,
					const struct socket_facts *facts, __u16 found_by,
					__u16 flags)
{
	struct sonde_socket_record *record;

	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(SONDE_LOSS_EXEC, 1);
		return; /* the next call asks again */
	}
	fill_header(&record->header, SONDE_RECORD_SOCKET, sizeof(*record));
	record->header.tgid = conn->tgid;
	record->handle = handle;
	record->generation_ns = conn->generation_ns;
	record->socket = facts->socket;
	__builtin_memcpy(record->local_address, facts->local_address, 16);
	__builtin_memcpy(record->peer_address, facts->peer_address, 16);
	record->local_port = facts->local_port;
	record->peer_port = facts->peer_port;
	record->found_by = found_by;
	record->flags = flags;
	bpf_ringbuf_submit(record, 0);
	conn->socket = facts->socket;
}

#endif /* SONDE_SOCKET_H */
