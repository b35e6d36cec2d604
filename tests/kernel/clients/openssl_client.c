/*
 * POSTs a file over TLS through the OpenSSL API, the whole request in one SSL_write. Built against
 * OpenSSL shared and static, and against Android's BoringSSL.
 *
 * openssl_client [--seccomp | --bio | --wait-ms N] URL FILE ANSWER_BYTES
 *
 * --seccomp: allows only the system calls that the exchange needs; any other one kills the process,
 * as sandboxes do. --bio: speaks through an SSL BIO. --wait-ms: connects that long after its start.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

#define ALLOW(call)                                                                                \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1),                                     \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void sandbox(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(read), ALLOW(write), ALLOW(sendto), ALLOW(recvfrom), ALLOW(brk), ALLOW(mmap),
		ALLOW(munmap), ALLOW(mremap), ALLOW(close), ALLOW(exit_group), ALLOW(futex),
		ALLOW(getpid), ALLOW(getrandom), ALLOW(rt_sigaction), ALLOW(rt_sigprocmask),
		ALLOW(rt_sigreturn), ALLOW(madvise), ALLOW(shutdown),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		die("seccomp");
}

static char *read_whole(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	char *bytes;

	if (!file || fseek(file, 0, SEEK_END))
		die(path);
	*length = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*length + 1);
	if (!bytes || fread(bytes, 1, *length, file) != *length)
		die(path);
	fclose(file);
	return bytes;
}

static int connect_to(const char *host, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die("connect");
	return fd;
}

/* Reads to the end; the answer's body is what follows the empty line. */
static size_t read_answer(SSL *ssl, BIO *bio)
{
	static char chunk[1 << 20];
	size_t total = 0, head = 0;
	int got;

	while ((got = bio ? BIO_read(bio, chunk, sizeof(chunk)) :
			    SSL_read(ssl, chunk, sizeof(chunk))) > 0) {
		if (!head) {
			char *end = memmem(chunk, (size_t)got, "\r\n\r\n", 4);

			if (end)
				head = (size_t)(end - chunk) + 4;
		}
		total += (size_t)got;
	}
	return total - head;
}

int main(int argc, char **argv)
{
	int sandboxed = argc > 1 && !strcmp(argv[1], "--seccomp");
	int by_bio = argc > 1 && !strcmp(argv[1], "--bio");
	int waits = argc > 2 && !strcmp(argv[1], "--wait-ms");
	char host[64], target[256], *body, *request;
	size_t body_length, head_length, got;
	SSL_CTX *context;
	BIO *bio = NULL;
	SSL *ssl;
	int port, sent;

	if (waits)
		usleep((useconds_t)atoi(argv[2]) * 1000);
	argc -= sandboxed + by_bio + 2 * waits;
	argv += sandboxed + by_bio + 2 * waits;
	if (argc != 4 ||
	    sscanf(argv[1], "https://%63[^:]:%d%255s", host, &port, target) != 3)
		return fprintf(stderr, "usage: openssl_client [--seccomp | --bio | --wait-ms N] URL FILE ANSWER_BYTES\n"), 2;
	body = read_whole(argv[2], &body_length);
	request = malloc(body_length + 1024);
	head_length = (size_t)sprintf(request,
				      "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Length: %zu\r\n\r\n",
				      target, host, port, body_length);
	memcpy(request + head_length, body, body_length);
	context = SSL_CTX_new(TLS_client_method());
	ssl = SSL_new(context);
	SSL_set_fd(ssl, connect_to(host, port));
	if (sandboxed)
		sandbox();
	if (SSL_connect(ssl) != 1)
		return fprintf(stderr, "no TLS connection\n"), 1;
	if (by_bio) {
		bio = BIO_new(BIO_f_ssl());
		BIO_set_ssl(bio, ssl, BIO_NOCLOSE);
	}
	sent = bio ? BIO_write(bio, request, (int)(head_length + body_length)) :
		     SSL_write(ssl, request, (int)(head_length + body_length));
	if (sent <= 0)
		return fprintf(stderr, "SSL_write failed\n"), 1;
	got = read_answer(ssl, bio);
	BIO_free(bio);
	SSL_free(ssl);
	if (got != (size_t)atol(argv[3]))
		return fprintf(stderr, "%zu bytes of answer, %s expected\n", got, argv[3]), 1;
	return 0;
}
