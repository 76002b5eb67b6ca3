package kernel

import "iter"

// fiber is a stack on which processes run, one after the other. A process gets one when it first
// runs and leaves it when it ends.
//
// With [Coroutines] a fiber is parked in a berth, which is one iter.Pull. A pull has two sides, and
// a call of next on one and of yield on the other changes over. The kernel uses that symmetrically:
// whoever wants to let a fiber go on enters the berth in which that fiber is parked, from whichever
// side it is its turn, and by that parks in it itself. So a change from one process to another is
// one switch and not two, by way of the goroutine that called Run. There are as many berths as parked
// stacks: each fiber brings one, and of the fibers and the driver together one runs. All that this
// asks of iter.Pull is that its two sides alternate and may be called from any goroutine; tests run
// every program on both backends, so that a Go release that thinks otherwise is noticed.
type fiber struct {
	pool    *fiberPool
	process *process
	berth   *berth // where it is parked
	token   token  // the same for the other backend
}

// berth is one side of a pull after the other.
type berth struct {
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	turn  bool // it is yield's turn
	gone  bool // its own fiber has ended
}

// enter lets the one who is parked in b go on, and parks the caller in its place.
func (b *berth) enter() {
	if b.turn {
		b.turn = false
		b.yield(struct{}{})
	} else {
		b.turn = true
		b.next()
	}
}

// fiberPool makes fibers and keeps those without a process.
type fiberPool struct {
	kernel *Kernel
	driver fiber // the goroutine that called Run
	idle   []*fiber
	all    []*fiber
	berths []*berth
	ending bool
}

// resume lets p go on, or the driver if p is nil, and parks the caller, which runs on from.
func (fs *fiberPool) resume(from *fiber, p *process) {
	to := &fs.driver
	if p != nil {
		if p.fiber == nil {
			fs.lend(p)
		}
		to = p.fiber
	}
	fs.change(from, to)
}

// change parks from and lets to go on.
func (fs *fiberPool) change(from, to *fiber) {
	if to.token != nil {
		handOver(from, to)
		return
	}
	b := to.berth
	from.berth = b
	b.enter()
}

// lend gives p a fiber to run on.
func (fs *fiberPool) lend(p *process) {
	var f *fiber
	if last := len(fs.idle) - 1; last >= 0 {
		f = fs.idle[last]
		fs.idle = fs.idle[:last]
	} else {
		f = fs.made()
	}
	f.process, p.fiber = p, f
}

func (fs *fiberPool) made() *fiber {
	f := &fiber{pool: fs}
	fs.all = append(fs.all, f)
	if fs.kernel.config.Backend == Tokens {
		fs.startToken(f)
		return f
	}
	b := &berth{}
	b.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		defer func() { b.gone = true }()
		b.yield = yield
		f.run()
	})
	f.berth = b
	fs.berths = append(fs.berths, b)
	return f
}

// run is the life of a fiber: it runs its process, looks for what comes next, and waits to be lent
// again. A process that is about to begin gets this very fiber.
func (f *fiber) run() {
	k := f.pool.kernel
	for !f.pool.ending {
		k.execute(f)
		next := k.next()
		if next != nil && next.fiber == nil {
			f.process, next.fiber = next, f
			continue
		}
		f.pool.idle = append(f.pool.idle, f)
		f.pool.resume(f, next)
	}
}

// end ends all fibers, none of which has a process. A fiber that ends lets the one go on that is
// parked in its own berth, which ends too, and so on around the permutation and back to the caller.
func (fs *fiberPool) end() {
	fs.ending = true
	if fs.driver.token != nil {
		fs.endTokens()
		return
	}
	defer func() {
		if len(fs.berths) > 0 { // a fiber that was exiting made the caller exit
			fs.end()
		}
	}()
	for len(fs.berths) > 0 {
		b := fs.berths[len(fs.berths)-1]
		fs.berths = fs.berths[:len(fs.berths)-1]
		if !b.gone {
			b.enter()
		}
	}
	fs.idle, fs.all = nil, nil
}
