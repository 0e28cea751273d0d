// B3OS's and AetherFlow's receiver in Go's standard library: go run receiver.go HEADER. The secret is in WEBHOOK_SECRET.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

func main() {
	header, secret := os.Args[1], []byte(os.Getenv("WEBHOOK_SECRET"))
	var processed sync.Map
	handler := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "no body", 400)
			return
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		expected := hex.EncodeToString(mac.Sum(nil))
		if !hmac.Equal([]byte(expected), []byte(r.Header.Get(header))) {
			http.Error(w, "bad signature", 401)
			return
		}
		var event struct{ Id, Event, Type string }
		if json.Unmarshal(body, &event) != nil {
			http.Error(w, "no JSON", 400)
			return
		}
		if _, seen := processed.LoadOrStore(event.Id, true); seen {
			fmt.Fprint(w, "already processed")
			return
		}
		fmt.Fprint(w, event.Event+event.Type)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, http.HandlerFunc(handler)))
}
