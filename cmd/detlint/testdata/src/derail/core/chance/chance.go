// Package chance breaks the rule of that name.
package chance

import (
	"crypto/rand"     // want `import of crypto/rand: .*\(chance\)`
	"crypto/sha256"
	"hash/fnv"
	"hash/maphash"    // want `import of hash/maphash`
	old "math/rand"   // want `import of math/rand`
	new "math/rand/v2" // want `import of math/rand/v2`
)

var (
	_ = rand.Reader
	_ = maphash.MakeSeed
	_ = old.Int
	_ = new.Int
	_ = fnv.New64a // accepted
	_ = sha256.New
)
