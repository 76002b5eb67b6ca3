package kernel

// The second backend: every fiber is a goroutine, and the one that holds the token runs. This file
// is the only one in the simulator with goroutines and channels of its own.

// token wakes the fiber that holds the other end.
type token chan struct{}

func (fs *fiberPool) startToken(f *fiber) {
	if fs.driver.token == nil {
		fs.driver.token = make(token, 1)
	}
	f.token = make(token, 1)
	go func() {
		<-f.token
		defer func() { fs.driver.token <- struct{}{} }()
		f.run()
	}()
}

func handOver(from, to *fiber) {
	to.token <- struct{}{}
	<-from.token
}

func (fs *fiberPool) endTokens() {
	for _, f := range fs.all {
		handOver(&fs.driver, f)
	}
	fs.idle, fs.all = nil, nil
}
