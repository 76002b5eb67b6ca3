package flow

import (
	"fmt"
	"sync"
)

// Factory builds a flow from the inputs that were stored with it. It must build the same flow, with
// the same task names, each time: another process may go on where this one stopped.
type Factory func(inputs Args) (*Flow, error)

// Registry finds factories by name. The zero Registry is empty and ready.
type Registry struct {
	mu        sync.RWMutex
	factories map[string]Factory
}

// Register adds a factory. A name that is empty or taken is an error.
func (r *Registry) Register(name string, factory Factory) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name == "" || factory == nil {
		return fmt.Errorf("a factory needs a name and a function")
	}
	if _, taken := r.factories[name]; taken {
		return fmt.Errorf("factory %q is registered already", name)
	}
	if r.factories == nil {
		r.factories = map[string]Factory{}
	}
	r.factories[name] = factory
	return nil
}

// Lookup returns the factory with that name, and whether there is one.
func (r *Registry) Lookup(name string) (Factory, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	f, ok := r.factories[name]
	return f, ok
}
