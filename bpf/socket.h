/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Which socket a TLS handle speaks through, found while both are seen at work:
 *   nested      the socket call happens inside the TLS call, on its thread or goroutine;
 *   ciphertext  a memory BIO: the next thing the thread sends is a TLS record as long as what it
 * has just encrypted; or, below rustls, the very memory that was sealed or is opened. Every socket
 * is asked once, then never again.
 */
#ifndef SONDE_SOCKET_H
#define SONDE_SOCKET_H

#include "bpf/emit.h"

#define AF_INET	    2
#define AF_INET6    10
#define IPPROTO_TCP 6

#define TLS_HEADER_BYTES 5
#define TLS_RECORD_BYTES 16384
/* AEAD tags and explicit nonces; CBC's MAC and padding. */
#define MIN_RECORD_OVERHEAD 16
#define MAX_RECORD_OVERHEAD 80
#define MAX_RECORDS_AHEAD   6 /* of a handshake, sent together with the first data */
#define MAX_USER_VECTORS    8
#define PENDING_MAX_NS	    2000000000ull
/* A receive buffer keeps records that began before what was read last. */
#define RECEIVE_BUFFER_SLACK (2 * (TLS_RECORD_BYTES + 256))

/* Says that Go programs are heard, so that goroutines are worth looking up. */
__u32 go_heard;
/* Handles whose socket is still wanted: 0 makes the tracepoints return at once. */
__u32 sockets_wanted;

struct socket_call {
	__u64 handle;
	__u64 ciphertext; /* where the record will be; 0: not known */
	__u64 length;	  /* plaintext bytes of the call */
	__u64 time_ns;
	__u16 flags;
	__u16 reserved[3];
};

struct socket_facts {
	__u64 socket; /* 0: none */
	__u8 local_address[16];
	__u8 peer_address[16];
	__u16 local_port;
	__u16 peer_port;
	__u32 reserved;
};

struct received {
	struct socket_facts facts;
	__u64 buffer;
	__u64 length;
	__u64 time_ns;
};

/* TLS calls in progress whose handle has no socket yet: by thread, or by goroutine. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, struct call_key);
	__type(value, struct socket_call);
} nested SEC(".maps");

/* What a thread encrypted last and has not sent. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, __u64);
	__type(value, struct socket_call);
} unsent SEC(".maps");

/* What a thread received last; only in processes with half connections. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARG_MAP_ENTRIES);
	__type(key, __u64);
	__type(value, struct received);
} last_received SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* tgid */
	__type(value, __u8);
} half_processes SEC(".maps");

#if defined(__TARGET_ARCH_x86)
typedef struct pt_regs user_registers_t;
#elif defined(__TARGET_ARCH_arm64)
typedef struct user_pt_regs user_registers_t;
#endif

/* The registers with which user space entered the system call in progress. */
static __always_inline long user_registers(user_registers_t *regs)
{
	if (has_task_regs)
		return bpf_probe_read_kernel(
			regs, sizeof(*regs),
			(const void *)bpf_task_pt_regs(bpf_get_current_task_btf()));
#if defined(__TARGET_ARCH_x86)
	/* Before Linux 5.15: they lie at the top of the kernel stack, which has 16 KiB. */
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	void *stack = BPF_CORE_READ(task, stack);

	return bpf_probe_read_kernel(regs, sizeof(*regs), stack + 16384 - sizeof(*regs));
#else
	return -1;
#endif
}

#if defined(__TARGET_ARCH_x86)
#define SYSCALL_NUMBER(regs)	((regs)->orig_rax)
#define SYSCALL_BUFFER(regs)	((regs)->rsi)
#define SYSCALL_LENGTH(regs)	((regs)->rdx)
#define SYSCALL_GOROUTINE(regs) ((regs)->r14)
enum {
	NR_READ = 0,
	NR_WRITE = 1,
	NR_READV = 19,
	NR_WRITEV = 20,
	NR_SENDTO = 44,
	NR_RECVFROM = 45,
	NR_SENDMSG = 46,
	NR_RECVMSG = 47
};
#elif defined(__TARGET_ARCH_arm64)
#define SYSCALL_NUMBER(regs)	((regs)->regs[8])
#define SYSCALL_BUFFER(regs)	((regs)->regs[1])
#define SYSCALL_LENGTH(regs)	((regs)->regs[2])
#define SYSCALL_GOROUTINE(regs) ((regs)->regs[28])
enum {
	NR_READ = 63,
	NR_WRITE = 64,
	NR_READV = 65,
	NR_WRITEV = 66,
	NR_SENDTO = 206,
	NR_RECVFROM = 207,
	NR_SENDMSG = 211,
	NR_RECVMSG = 212
};
#endif

struct user_vector {
	__u64 base;
	__u64 length;
};

/* The memory a system call reads or writes: one buffer, or `count` of them at `table`. */
struct user_buffers {
	struct user_vector first;
	__u64 table; /* 0: only `first` */
	__u64 count;
};

static __always_inline bool find_user_buffers(const user_registers_t *regs,
					      struct user_buffers *found)
{
	struct {
		__u64 name, name_length, table, count;
	} header = {};

	found->first.base = SYSCALL_BUFFER(regs);
	found->first.length = SYSCALL_LENGTH(regs);
	found->table = 0;
	found->count = 1;
	switch (SYSCALL_NUMBER(regs)) {
	case NR_READ:
	case NR_WRITE:
	case NR_SENDTO:
	case NR_RECVFROM:
		return true;
	case NR_READV:
	case NR_WRITEV:
		found->table = SYSCALL_BUFFER(regs);
		found->count = SYSCALL_LENGTH(regs);
		break;
	case NR_SENDMSG:
	case NR_RECVMSG:
		if (bpf_probe_read_user(&header, sizeof(header),
					(const void *)SYSCALL_BUFFER(regs)))
			return false;
		found->table = header.table;
		found->count = header.count;
		break;
	default: /* io_uring, sendfile: the memory is not known here */
		return false;
	}
	return !bpf_probe_read_user(&found->first, sizeof(found->first),
				    (const void *)found->table);
}

/* ::ffff:a.b.c.d */
static __always_inline void map_address(__u8 *to, __be32 from)
{
	__builtin_memset(to, 0, 10);
	to[10] = 0xff;
	to[11] = 0xff;
	__builtin_memcpy(to + 12, &from, 4);
}

static __always_inline bool read_socket(struct sock *sk, struct socket_facts *facts)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if ((family != AF_INET && family != AF_INET6) ||
	    BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return false;
	__builtin_memset(facts, 0, sizeof(*facts));
	/* By way of memory: the verifier knows no arithmetic on pointers to kernel objects. */
	bpf_probe_read_kernel(&facts->socket, sizeof(facts->socket), &sk);
	facts->socket ^= handle_key;
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

static __always_inline bool has_socket(__u64 handle, __u32 tgid)
{
	struct conn_key key = {.handle = handle, .tgid = tgid};
	struct conn *conn = bpf_map_lookup_elem(&conns, &key);

	return conn && conn->socket;
}

/* A socket call under this key, until socket_call_over(), belongs to the call's handle. */
static __always_inline void expect_socket_call(const struct call_key *key, const struct call *call)
{
	struct call_key owner = *key;
	struct socket_call wanted = {.handle = call->handle, .time_ns = call->entry_ns};

	if (!has_socket_trace || has_socket(call->handle, key->pid_tgid >> 32))
		return;
	if ((__u32)key->pid_tgid > 1) /* a thread; a goroutine's key has the direction here */
		owner.stack_pointer = 0;
	sockets_wanted = 1;
	bpf_map_update_elem(&nested, &owner, &wanted, BPF_ANY);
}

/* `length` bytes were written; when no socket call came, they will leave in one that follows. */
static __always_inline void socket_call_over(const struct call_key *key, const struct call *call,
					     __u64 length)
{
	struct call_key owner = *key;
	struct socket_call wanted = {
		.handle = call->handle, .length = length, .time_ns = bpf_ktime_get_ns()};
	__u64 thread = key->pid_tgid;

	if (!has_socket_trace || has_socket(call->handle, key->pid_tgid >> 32))
		return;
	if ((__u32)key->pid_tgid > 1)
		owner.stack_pointer = 0;
	bpf_map_delete_elem(&nested, &owner);
	if (length && call->direction == SONDE_DIRECTION_SENT)
		bpf_map_update_elem(&unsent, &thread, &wanted, BPF_ANY);
}

/* The record that a half connection sealed to `ciphertext` is about to be sent. */
static __always_inline void expect_ciphertext(const struct call *call, __u64 ciphertext)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 tgid = thread >> 32;
	__u8 yes = 1;
	struct socket_call wanted = {.handle = call->handle,
				     .ciphertext = ciphertext,
				     .time_ns = call->entry_ns,
				     .flags = call->flags};

	if (!has_socket_trace || has_socket(call->handle, tgid))
		return;
	sockets_wanted = 1;
	bpf_map_update_elem(&half_processes, &tgid, &yes, BPF_ANY);
	bpf_map_update_elem(&unsent, &thread, &wanted, BPF_ANY);
}

/* The record at `ciphertext` is about to be opened: did this thread receive it? */
static __always_inline void match_received(const struct call *call, __u64 ciphertext)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 tgid = thread >> 32;
	__u8 yes = 1;
	struct received *last;
	struct conn *conn;

	if (!has_socket_trace || has_socket(call->handle, tgid))
		return;
	sockets_wanted = 1;
	bpf_map_update_elem(&half_processes, &tgid, &yes, BPF_ANY);
	last = bpf_map_lookup_elem(&last_received, &thread);
	if (!last || ciphertext + RECEIVE_BUFFER_SLACK < last->buffer ||
	    ciphertext >= last->buffer + last->length)
		return;
	conn = find_conn(call->handle, tgid);
	if (conn)
		tell_socket(call->handle, conn, &last->facts, SONDE_FOUND_BY_CIPHERTEXT,
			    call->flags);
}

/* Whether a TLS data record as long as `length` plaintext bytes make it is among the first. */
static __always_inline bool holds_record(const struct user_vector *buffer, __u64 length)
{
	__u64 position = 0;

	if (length > TLS_RECORD_BYTES)
		length = TLS_RECORD_BYTES;
	for (int i = 0; i < MAX_RECORDS_AHEAD; i++) {
		__u8 header[TLS_HEADER_BYTES] = {};
		__u64 size;

		if (position + TLS_HEADER_BYTES > buffer->length ||
		    bpf_probe_read_user(header, sizeof(header),
					(const void *)(buffer->base + position)))
			return false;
		if (header[0] < 0x14 || header[0] > 0x17 || header[1] != 3)
			return false;
		size = (__u64)header[3] << 8 | header[4];
		if (header[0] == 0x17 && size >= length + MIN_RECORD_OVERHEAD &&
		    size <= length + MAX_RECORD_OVERHEAD)
			return true;
		position += TLS_HEADER_BYTES + size;
	}
	return false;
}

static __always_inline bool sends(const user_registers_t *regs, const struct socket_call *call)
{
	struct user_buffers buffers = {};
	struct user_vector vector;

	if (!find_user_buffers(regs, &buffers))
		return false;
	if (!call->ciphertext)
		return holds_record(&buffers.first, call->length);
	for (int i = 0; i < MAX_USER_VECTORS && (__u64)i < buffers.count; i++) {
		vector = buffers.first;
		if (i && bpf_probe_read_user(&vector, sizeof(vector),
					     (const void *)(buffers.table + i * sizeof(vector))))
			return false;
		/* The record's header may stand before it in memory of its own. */
		if (call->ciphertext >= vector.base &&
		    call->ciphertext < vector.base + vector.length)
			return true;
	}
	return false;
}

static __always_inline bool take_nested(struct sock *sk, const struct call_key *key)
{
	struct socket_call *found = bpf_map_lookup_elem(&nested, key);
	struct socket_facts facts;
	struct conn *conn;
	__u64 handle;

	if (!found)
		return false;
	handle = found->handle;
	bpf_map_delete_elem(&nested, key);
	if (!read_socket(sk, &facts))
		return true;
	conn = find_conn(handle, key->pid_tgid >> 32);
	if (conn)
		tell_socket(handle, conn, &facts, SONDE_FOUND_BY_SYSCALL, 0);
	return true;
}

static __always_inline void take_unsent(struct sock *sk, __u64 thread, const user_registers_t *regs)
{
	struct socket_call *found = bpf_map_lookup_elem(&unsent, &thread);
	struct socket_call call;
	struct socket_facts facts;
	struct conn *conn;

	if (!found)
		return;
	call = *found;
	if (bpf_ktime_get_ns() - call.time_ns > PENDING_MAX_NS) {
		bpf_map_delete_elem(&unsent, &thread);
		return;
	}
	if (!sends(regs, &call))
		return;
	bpf_map_delete_elem(&unsent, &thread);
	conn = read_socket(sk, &facts) ? find_conn(call.handle, thread >> 32) : NULL;
	if (conn)
		tell_socket(call.handle, conn, &facts, SONDE_FOUND_BY_CIPHERTEXT, call.flags);
}

static __always_inline void keep_received(struct sock *sk, __u64 thread,
					  const user_registers_t *regs)
{
	__u32 tgid = thread >> 32;
	struct received last = {.time_ns = bpf_ktime_get_ns()};
	struct user_buffers buffers = {};

	if (!bpf_map_lookup_elem(&half_processes, &tgid) || !find_user_buffers(regs, &buffers) ||
	    !read_socket(sk, &last.facts))
		return;
	last.buffer = buffers.first.base;
	last.length = buffers.first.length;
	bpf_map_update_elem(&last_received, &thread, &last, BPF_ANY);
}

static __always_inline int on_socket(struct sock *sk, int length, const bool sent)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct call_key key = {.pid_tgid = pid_tgid};
	user_registers_t regs;

	if (length <= 0 || !sockets_wanted)
		return 0;
	if (take_nested(sk, &key))
		return 0;
	if (user_registers(&regs))
		return 0;
	if (go_heard) {
		key.stack_pointer = SYSCALL_GOROUTINE(&regs);
		key.pid_tgid = (pid_tgid >> 32) << 32 | (sent ? 1 : 0);
		if (take_nested(sk, &key))
			return 0;
	}
	if (sent)
		take_unsent(sk, pid_tgid, &regs);
	else
		keep_received(sk, pid_tgid, &regs);
	return 0;
}

/* Linux 6.3 and later. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(socket_sent, struct sock *sk, int length, int flags)
{
	return on_socket(sk, length, true);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(socket_received, struct sock *sk, int length, int flags)
{
	return on_socket(sk, length, false);
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

	if (sockets_wanted)
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
	return on_socket(sk, (int)PT_REGS_RC(ctx), sent);
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

#endif /* SONDE_SOCKET_H */
