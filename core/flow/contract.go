package flow

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// contract is what an atom says about its values; tasks and retries say the same things.
type contract struct {
	requires, optional []string
	rebind             map[string]string
	inject             Args
	revert             *Needs
	provides           string
	items, keys        []string
}

func (t *Task) contract() contract {
	return contract{
		t.Requires, t.Optional, t.Rebind, t.Inject, t.RevertNeeds, t.Provides, t.ProvidesItems, t.ProvidesKeys,
	}
}

func (r *Retry) contract() contract {
	return contract{
		r.Requires, r.Optional, r.Rebind, r.Inject, r.RevertNeeds, r.Provides, r.ProvidesItems, r.ProvidesKeys,
	}
}

// asks is the values that somebody else has to provide: those that execute or revert cannot do without,
// under the names that they have elsewhere, without those that the atom brings along.
func (c contract) asks() []string {
	if len(c.requires) == 1 && c.rebind == nil && c.inject == nil && c.revert == nil {
		return c.requires
	}
	var all distinct
	c.ask(&all, c.requires, c.rebind)
	if c.revert != nil {
		c.ask(&all, c.revert.Requires, c.revert.Rebind)
	}
	return all.list
}

func (c contract) ask(all *distinct, arguments []string, rebind map[string]string) {
	for _, name := range arguments {
		if elsewhere, bound := rebind[name]; bound {
			name = elsewhere
		}
		if _, own := c.inject.Lookup(name); !own {
			all.add(name)
		}
	}
}

// gives is the values that the atom provides.
func (c contract) gives() []string {
	if len(c.items) == 0 && len(c.keys) == 0 {
		if c.provides == "" {
			return nil
		}
		return []string{c.provides}
	}
	var all distinct
	if c.provides != "" {
		all.add(c.provides)
	}
	for _, name := range c.items {
		if name != "" {
			all.add(name)
		}
	}
	for _, name := range c.keys {
		all.add(name)
	}
	return all.list
}

// Err says what is wrong with the task as it is described, or nil. An engine asks when it compiles.
func (t *Task) Err() error {
	switch {
	case t == nil:
		return errors.New("a task is nil")
	case t.Name == "":
		return errors.New("a task has no name")
	case t.wrong == nil && t.isPlain():
		return nil
	}
	if err := errors.Join(t.wrong, t.contract().check()); err != nil {
		return fmt.Errorf("task %q: %w", t.Name, err)
	}
	return nil
}

// isPlain reports whether nothing is left to be checked: engines compile many tasks, most have a few
// arguments and one value, and to check those takes no memory.
func (t *Task) isPlain() bool {
	if len(t.Requires) > fewNames || len(t.Optional) > 0 || t.Rebind != nil || len(t.Inject) > 0 ||
		t.RevertNeeds != nil || len(t.ProvidesItems) > 0 || len(t.ProvidesKeys) > 0 {
		return false
	}
	for i, name := range t.Requires {
		if name == "" || slices.Contains(t.Requires[:i], name) {
			return false
		}
	}
	return true
}

// Err says what is wrong with the retry as it is described, or nil. An engine asks when it compiles.
func (r *Retry) Err() error {
	if r == nil {
		return errors.New("a retry is nil")
	}
	err := errors.Join(r.wrong, r.contract().check())
	switch {
	case err == nil:
		return nil
	case r.Name == "":
		return fmt.Errorf("retry: %w", err)
	default:
		return fmt.Errorf("retry %q: %w", r.Name, err)
	}
}

// check finds the first slip in the names.
func (c contract) check() error {
	if err := checkArguments("", c.requires, c.optional, c.rebind); err != nil {
		return err
	}
	if c.revert != nil {
		err := checkArguments(" of Revert", c.revert.Requires, c.revert.Optional, c.revert.Rebind)
		if err != nil {
			return err
		}
	}
	var injected distinct
	for _, arg := range c.inject {
		if arg.Name == "" {
			return errors.New("an injected argument has no name")
		}
		if !injected.add(arg.Name) {
			return fmt.Errorf("argument %q is injected twice", arg.Name)
		}
	}
	return c.checkProvided()
}

func checkArguments(of string, requires, optional []string, rebind map[string]string) error {
	var arguments distinct
	for _, names := range [...][]string{requires, optional} {
		for _, name := range names {
			if name == "" {
				return fmt.Errorf("an argument%s has no name", of)
			}
			if !arguments.add(name) {
				return fmt.Errorf("argument %q%s is named twice", name, of)
			}
		}
	}
	if len(rebind) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(rebind)) {
		if !arguments.has(name) {
			return fmt.Errorf("%q is rebound, and is no argument%s", name, of)
		}
		if rebind[name] == "" {
			return fmt.Errorf("argument %q%s is rebound to a value without a name", name, of)
		}
	}
	return nil
}

func (c contract) checkProvided() error {
	var provided distinct
	if c.provides != "" {
		provided.add(c.provides)
	}
	for _, name := range c.items {
		if name != "" && !provided.add(name) {
			return fmt.Errorf("value %q is provided twice", name)
		}
	}
	for _, name := range c.keys {
		if name == "" {
			return errors.New("a provided key has no name")
		}
		if !provided.add(name) {
			return fmt.Errorf("value %q is provided twice", name)
		}
	}
	return nil
}

// distinct is names without repeats, in the order in which they came. Most atoms have a few, and for
// them it needs no map.
type distinct struct {
	list  []string
	known map[string]struct{} // once there are many
}

const fewNames = 16

// add reports whether the name is new.
func (d *distinct) add(name string) bool {
	if d.has(name) {
		return false
	}
	d.list = append(d.list, name)
	switch {
	case d.known != nil:
		d.known[name] = struct{}{}
	case len(d.list) > fewNames:
		d.known = make(map[string]struct{}, 4*fewNames)
		for _, one := range d.list {
			d.known[one] = struct{}{}
		}
	}
	return true
}

func (d *distinct) has(name string) bool {
	if d.known == nil {
		return slices.Contains(d.list, name)
	}
	_, has := d.known[name]
	return has
}
