// POSTs a file over crypto/tls. client URL FILE ANSWER_BYTES [REQUESTS]
package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
)

// Grows the goroutine's stack far beyond its start, so that the runtime moves it under a call.
func deep(levels int, do func()) {
	var room [1024]byte
	if levels == 0 {
		do()
	} else {
		deep(levels-1, do)
	}
	runtime.KeepAlive(&room)
}

func main() {
	body, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	done := make(chan error)
	// A goroutine of its own, among others that keep all threads busy: it migrates.
	go func() {
		deep(64, func() {
			reply, err := client.Post(os.Args[1], "application/octet-stream", bytes.NewReader(body))
			if err != nil {
				done <- err
				return
			}
			got, err := io.Copy(io.Discard, reply.Body)
			reply.Body.Close()
			if want, _ := strconv.Atoi(os.Args[3]); err == nil && got != int64(want) {
				err = fmt.Errorf("%d bytes of answer, %d expected", got, want)
			}
			done <- err
		})
	}()
	for i := 0; i < 4; i++ {
		go func() {
			for {
				runtime.Gosched()
			}
		}()
	}
	if err := <-done; err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
