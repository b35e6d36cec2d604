/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Birth by exec and end of processes. */
#ifndef SONDE_PROCESS_H
#define SONDE_PROCESS_H

#include "bpf/stdio.h"

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
	record->fixed.flags = hears_stdio && watch_stdio(task) ? SONDE_EXEC_STDIO : 0;
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
	if (hears_stdio)
		forget_stdio(pid_tgid >> 32);
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_loss(SONDE_LOSS_EXEC, 1);
		return 0;
	}
	fill_header(&record->header, SONDE_RECORD_EXIT, sizeof(*record));
	bpf_ringbuf_submit(record, 0);
	return 0;
}

#endif /* SONDE_PROCESS_H */
