/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * JSON-RPC over standard input and output. A process is watched, with those that started it, when
 * an exec gives it both as pipes or local sockets. What goes through them is heard at the end of
 * the system call: at the end of every system call of the host, so that the program is attached
 * only while somebody is watched, and for others does no more than look the process up.
 *
 * A channel is a pipe, or the socket that the child holds; its address names it.
 */
#ifndef SONDE_STDIO_H
#define SONDE_STDIO_H

#include "bpf/socket.h"
#include "bpf/user_memory.h"

#define S_IFMT	 00170000
#define S_IFIFO	 0010000
#define S_IFSOCK 0140000

#define STDIO_ENTRIES	  8192
#define STDIO_ANCESTORS	  4
#define STDIO_PATIENCE_NS 60000000000ull /* a client greets its server at once */

#define STDIO_SERVER   1 /* its own standard input and output */
#define STDIO_ANCESTOR 2

struct stdio_process {
	__u64 input; /* channels; 0: not looked up yet */
	__u64 output;
	__u64 until_ns; /* a server that has heard no JSON by then is none; user space looks */
	__u32 role;	/* STDIO_ */
	__u32 reserved;
};

struct stdio_channel {
	__u64 input; /* the channel of requests of this connection: this one or the other */
	__u32 server;
	__u16 is_output;
	__u16 speaks_json; /* of the input only */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, STDIO_ENTRIES);
	__type(key, __u32); /* tgid */
	__type(value, struct stdio_process);
} stdio_processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, STDIO_ENTRIES);
	__type(key, __u64);
	__type(value, struct stdio_channel);
} stdio_channels SEC(".maps");

static __always_inline struct file *file_of(struct task_struct *task, __u64 descriptor)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (descriptor < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), files + descriptor);
	return file;
}

/* The pipe, or the local socket, behind a file; 0: it is neither. */
static __always_inline __u64 channel_of(struct file *file, bool *is_socket)
{
	__u16 kind = file ? BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT : 0;
	void *data = file ? BPF_CORE_READ(file, private_data) : NULL;
	struct sock *sk;

	*is_socket = kind == S_IFSOCK;
	if (kind == S_IFIFO)
		return (__u64)data;
	if (kind != S_IFSOCK)
		return 0;
	sk = BPF_CORE_READ((struct socket *)data, sk);
	return BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX ? (__u64)sk : 0;
}

/*
 * Whether standard input is the parent's own, and nobody's channel: whole trees of processes have
 * inherited it, of which none is a server.
 */
static __always_inline bool is_inherited(struct task_struct *task)
{
	bool is_socket;
	__u64 input = channel_of(file_of(task, 0), &is_socket);

	return input &&
	       input == channel_of(file_of(BPF_CORE_READ(task, real_parent), 0), &is_socket) &&
	       !bpf_map_lookup_elem(&stdio_channels, &input);
}

static __always_inline bool open_channels(struct task_struct *task, struct stdio_process *process,
					  __u32 tgid)
{
	struct stdio_channel channel = {.server = tgid};
	struct conn_key key = {.tgid = tgid};
	bool is_socket;

	process->input = channel_of(file_of(task, 0), &is_socket);
	process->output = channel_of(file_of(task, 1), &is_socket);
	if (!process->input || !process->output)
		return false;
	channel.input = process->input;
	bpf_map_update_elem(&stdio_channels, &process->input, &channel, BPF_ANY);
	if (process->output != process->input) {
		channel.is_output = 1;
		bpf_map_update_elem(&stdio_channels, &process->output, &channel, BPF_ANY);
	}
	key.handle = process->input ^ handle_key;
	close_conn(&key); /* of the program before this exec */
	return true;
}

/* At exec: whether the process may be a server. */
static __always_inline bool watch_stdio(struct task_struct *task)
{
	struct stdio_process process = {.role = STDIO_SERVER,
					.until_ns = bpf_ktime_get_ns() + STDIO_PATIENCE_NS};
	struct stdio_process ancestor = {.role = STDIO_ANCESTOR};
	__u32 tgid = BPF_CORE_READ(task, tgid);

	if (is_inherited(task) || !open_channels(task, &process, tgid)) {
		bpf_map_delete_elem(&stdio_processes, &tgid);
		return false;
	}
	bpf_map_update_elem(&stdio_processes, &tgid, &process, BPF_ANY);
	for (int i = 0; i < STDIO_ANCESTORS; i++) {
		task = BPF_CORE_READ(task, real_parent);
		tgid = BPF_CORE_READ(task, tgid);
		if (tgid <= 1)
			break;
		bpf_map_update_elem(&stdio_processes, &tgid, &ancestor, BPF_NOEXIST);
	}
	return true;
}

/* The server ended, or turned out to be none. */
static __always_inline void forget_stdio(__u32 tgid)
{
	struct stdio_process *found = bpf_map_lookup_elem(&stdio_processes, &tgid);
	struct stdio_process process;
	struct stdio_channel *channel;

	if (!found)
		return;
	process = *found;
	bpf_map_delete_elem(&stdio_processes, &tgid);
	/* A wrapper's channels belong to the program that it has started. */
	channel = bpf_map_lookup_elem(&stdio_channels, &process.input);
	if (!channel || channel->server != tgid)
		return;
	bpf_map_delete_elem(&stdio_channels, &process.input);
	bpf_map_delete_elem(&stdio_channels, &process.output);
}

/* The channel behind a file, and whether this is the end that the child holds. */
static __always_inline struct stdio_channel *find_channel(struct file *file, const bool sending,
							  bool *is_server)
{
	struct stdio_channel *channel;
	bool is_socket;
	__u64 address = channel_of(file, &is_socket);

	if (!address)
		return NULL;
	channel = bpf_map_lookup_elem(&stdio_channels, &address);
	*is_server = is_socket || (channel && channel->is_output == sending);
	if (channel || !is_socket)
		return channel;
	*is_server = false;
	address = (__u64)BPF_CORE_READ((struct unix_sock *)address, peer);
	return address ? bpf_map_lookup_elem(&stdio_channels, &address) : NULL;
}

/*
 * A client speaks first. What its first bytes say decides; what the server prints before is no
 * answer to anything.
 */
static __always_inline bool speaks_json(struct stdio_channel *input, bool is_request,
					const struct system_call *call)
{
	struct user_buffers buffers = {};
	__u8 first = 0;

	if (input->speaks_json || !is_request)
		return input->speaks_json;
	if (!find_user_buffers(call, &buffers) ||
	    bpf_probe_read_user(&first, sizeof(first), (const void *)buffers.first.base))
		return false;
	if (first == '{' || first == '[')
		input->speaks_json = 1;
	else if (first != ' ' && first != '\n' && first != '\r' && first != '\t')
		forget_stdio(input->server);
	return first == '{' || first == '[';
}

/* Not inlined: see user_memory.h. */
__noinline int hear_stdio(__u32 tgid, __u64 length)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct stdio_channel *channel;
	struct system_call call = {};
	bool is_server = false, sending, wanted;
	enum call_kind kind;
	struct conn *conn;
	__u64 input, position;

	if (!current_call(&call))
		return 0;
	kind = kind_of_call(&call);
	if (kind == OTHER_CALL || only_looks(&call))
		return 0;
	sending = kind == SENDING_CALL;
	channel = find_channel(file_of(task, call.descriptor), sending, &is_server);
	if (!channel)
		return 0;
	input = channel->input;
	channel = bpf_map_lookup_elem(&stdio_channels, &input);
	if (!channel || !speaks_json(channel, is_server != sending, &call))
		return 0;
	conn = find_conn(input ^ handle_key, tgid);
	if (!conn)
		return 0;
	position = take_room(input ^ handle_key, conn, sending, length, &wanted);
	if (wanted)
		emit_moved(input ^ handle_key,
			   OWNER(tgid, sending, is_server ? SONDE_DATA_SERVER : 0), position,
			   length);
	return 0;
}

/* Of a server that is older than Sonde. */
__noinline int open_late(__u32 tgid)
{
	struct stdio_process *process = bpf_map_lookup_elem(&stdio_processes, &tgid);

	if (process && !open_channels((struct task_struct *)bpf_get_current_task(), process, tgid))
		process->role = STDIO_ANCESTOR;
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(stdio_call, struct pt_regs *regs, long result)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct stdio_process *process;

	if (result <= 0)
		return 0;
	process = bpf_map_lookup_elem(&stdio_processes, &tgid);
	if (!process || tgid == own_tgid)
		return 0;
	if (process->role == STDIO_SERVER && !process->input)
		open_late(tgid);
	hear_stdio(tgid, result);
	return 0;
}

#endif /* SONDE_STDIO_H */
