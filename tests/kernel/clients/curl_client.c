/* POSTs a file with whatever libcurl it is linked to: curl_client URL FILE ANSWER_BYTES */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static size_t count(char *bytes, size_t size, size_t items, void *total)
{
	(void)bytes;
	*(size_t *)total += size * items;
	return size * items;
}

int main(int argc, char **argv)
{
	CURL *curl = curl_easy_init();
	FILE *file = argc == 4 ? fopen(argv[2], "rb") : NULL;
	size_t got = 0;
	CURLcode code;
	long length;

	if (!file || !curl)
		return fprintf(stderr, "usage: curl_client URL FILE ANSWER_BYTES\n"), 2;
	fseek(file, 0, SEEK_END);
	length = ftell(file);
	rewind(file);
	curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_READDATA, file);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, count);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &got);
	code = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	if (code != CURLE_OK || got != (size_t)atol(argv[3]))
		return fprintf(stderr, "%s, %zu bytes of answer, %s expected\n",
			       curl_easy_strerror(code), got, argv[3]), 1;
	return 0;
}
