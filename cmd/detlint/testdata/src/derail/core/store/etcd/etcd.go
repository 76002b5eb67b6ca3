// Package etcd is a store driver: exempt, map order excepted.
package etcd

import (
	"net"
	"time"
)

func dial(c chan net.Conn, m map[string]int) {
	go func() { c <- nil }()
	time.Sleep(1)
	for k := range m { // want `it calls println`
		println(k)
	}
}
