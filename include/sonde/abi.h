/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The one description of the records that cross the kernel boundary, that `sonde record` writes to
 * a file, and that decode() reads as if they were hostile.
 *
 * Every record begins with sonde_record_header; `size` counts the whole record. Integers are in
 * host byte order. Fixed-width members only: no bool, enum, pointer, bit-field or padding (the
 * header is built alone with -Wpadded -Werror).
 */
#ifndef SONDE_ABI_H
#define SONDE_ABI_H

#include <linux/types.h>

/* Bumped when a record changes its meaning; part of a recording's first bytes. */
#define SONDE_ABI_VERSION 1

/* Kinds written by the kernel side. */
#define SONDE_RECORD_DATA   1
#define SONDE_RECORD_CLOSE  2
#define SONDE_RECORD_EXEC   3
#define SONDE_RECORD_EXIT   4
#define SONDE_RECORD_SOCKET 5
/* Kinds written by user space into the same stream, so that a replay needs no live /proc. */
#define SONDE_RECORD_PROCESS   32
#define SONDE_RECORD_TARGET    33
#define SONDE_RECORD_CLOCK     34
#define SONDE_RECORD_LOSS      35
#define SONDE_RECORD_CONTAINER 36

/* Targets that are no file: known without a sonde_target_record of their own probes. */
#define SONDE_TARGET_SOCKET 0xfffffff0 /* plain HTTP, heard at the socket layer */
#define SONDE_TARGET_STDIO  0xfffffff1 /* standard input and output of a chosen process */

#define SONDE_DIRECTION_RECEIVED 0
#define SONDE_DIRECTION_SENT	 1

/* Largest piece of a call in one record; a longer call becomes several records. */
#define SONDE_CHUNK_BYTES 65536
/* Pieces of one call: 10 MiB. What lies beyond is counted and becomes a gap. */
#define SONDE_CHUNKS_PER_CALL 160

#define SONDE_PATH_BYTES 256
#define SONDE_ARGS_BYTES 2048

struct sonde_record_header {
	__u16 kind;
	__u16 version;
	__u32 size;
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u32 tgid;    /* of the process, in the initial pid namespace */
	__u32 tid;
};

/* One piece of one call: `captured_len` bytes follow. original_len > captured_len is a gap. */
struct sonde_data_record {
	struct sonde_record_header header;
	__u64 handle;	     /* SSL* or its like */
	__u64 generation_ns; /* when this use of the handle was first seen */
	__u64 stream_pos;    /* position of the first byte in its direction */
	__u64 entry_ns;	     /* when the call began */
	__u32 original_len;
	__u32 captured_len;
	__u32 target; /* id of a sonde_target_record; 0: not known */
	__u16 direction;
	__u16 flags; /* SONDE_DATA_ */
};

/*
 * The handle stands for one direction only (rustls has a cipher context for each): a
 * sonde_socket_record tells which two belong together, and user space joins them.
 */
#define SONDE_DATA_HALF 1
/* Standard input and output: heard in the process whose they are, not in the one that started it.
 */
#define SONDE_DATA_SERVER 2

/* The handle was freed. The positions tell what a lost last record would have. */
struct sonde_close_record {
	struct sonde_record_header header;
	__u64 handle;
	__u64 generation_ns;
	__u64 end_pos[2]; /* by direction */
};

/* Standard input and output are pipes or sockets to other processes of this host. */
#define SONDE_EXEC_STDIO 1

/* A process was born by exec: `args_len` bytes follow, its arguments, each NUL-terminated. */
struct sonde_exec_record {
	struct sonde_record_header header;
	__u32 parent_tgid;
	__u32 uid;
	__u64 start_time_ns; /* since boot */
	__u64 cgroup_id;
	__u32 args_len;
	__u32 flags;		     /* SONDE_EXEC_ */
	char path[SONDE_PATH_BYTES]; /* as given to execve, NUL-terminated */
};

#define SONDE_FOUND_BY_SYSCALL	  1 /* the socket call was inside the TLS call, or was the call */
#define SONDE_FOUND_BY_CIPHERTEXT 2 /* the socket moved what the TLS call made or took */

/* The socket of a handle's bytes. IPv4 addresses are mapped into IPv6 (RFC 4291, 2.5.5.2). */
struct sonde_socket_record {
	struct sonde_record_header header;
	__u64 handle;
	__u64 generation_ns;
	__u64 socket; /* same for both halves of a connection; no meaning besides */
	__u8 local_address[16];
	__u8 peer_address[16];
	__u16 local_port; /* host byte order */
	__u16 peer_port;
	__u16 found_by; /* SONDE_FOUND_BY_ */
	__u16 flags;	/* SONDE_DATA_HALF */
};

struct sonde_exit_record {
	struct sonde_record_header header;
};

/* What user space found out about a process: JSON of `json_len` bytes follows. */
struct sonde_process_record {
	struct sonde_record_header header;
	__u32 json_len;
	__u32 reserved;
};

/*
 * What container and pod a cgroup belongs to: JSON of `json_len` bytes follows. Comes some time
 * after the sonde_process_record that named the cgroup, for a cgroup of no container too.
 */
struct sonde_container_record {
	struct sonde_record_header header;
	__u32 json_len;
	__u32 reserved;
};

/* What a probe target is: JSON of `json_len` bytes follows. */
struct sonde_target_record {
	struct sonde_record_header header;
	__u32 target;
	__u32 json_len;
};

/* Unix time at header.time_ns. */
struct sonde_clock_record {
	struct sonde_record_header header;
	__u64 unix_ns;
};

/*
 * What a probed place of a C call is, in the cookie above the target's id, where one program serves
 * them all.
 */
#define SONDE_PLACE_RECEIVED	  1 /* entries */
#define SONDE_PLACE_SENT	  2
#define SONDE_PLACE_RECEIVED_EX	  3
#define SONDE_PLACE_SENT_EX	  4
#define SONDE_PLACE_RETURN	  5
#define SONDE_PLACE_RETURN_SHARED 6
#define SONDE_PLACE_FREED	  7

/* Reasons of loss on the kernel side: index into the per-CPU loss map and into this record. */
#define SONDE_LOSS_RING_FULL 0 /* bytes: no room in the ring */
#define SONDE_LOSS_FAULT     1 /* bytes: memory not readable */
#define SONDE_LOSS_TOO_LONG  2 /* bytes: call longer than SONDE_CHUNKS_PER_CALL pieces */
#define SONDE_LOSS_NO_ENTRY  3 /* calls: return without a remembered entry */
#define SONDE_LOSS_MAP_FULL  4 /* calls: no room to remember an entry or a connection */
#define SONDE_LOSS_EXEC	     5 /* records: exec or exit not reported, ring full */
#define SONDE_LOSS_REASONS   6

struct sonde_loss_record {
	struct sonde_record_header header;
	__u64 total[SONDE_LOSS_REASONS]; /* since the probes were loaded */
};

#ifdef __cplusplus
static_assert(sizeof(sonde_record_header) == 24, "layout");
static_assert(sizeof(sonde_data_record) == 72, "layout");
static_assert(sizeof(sonde_close_record) == 56, "layout");
static_assert(sizeof(sonde_socket_record) == 88, "layout");
static_assert(sizeof(sonde_exec_record) == 56 + SONDE_PATH_BYTES, "layout");
static_assert(sizeof(sonde_loss_record) == 24 + 8 * SONDE_LOSS_REASONS, "layout");
#endif

#endif /* SONDE_ABI_H */
