// Package machine breaks the rule of that name.
package machine

import (
	"io/fs"
	"net"        // want `import of net: .*\(machine\)`
	"net/netip"  // want `import of net/netip`
	"os"         // want `import of os`
	"os/signal"  // want `import of os/signal`
	"path"
	"syscall"    // want `import of syscall`
)

var (
	_ = net.Dial
	_ = netip.ParseAddr
	_ = os.Getenv
	_ = signal.Ignore
	_ = syscall.Getpid
	_ = fs.ValidPath // accepted
	_ = path.Join
)
