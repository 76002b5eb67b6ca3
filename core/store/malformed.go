package store

import "fmt"

// fewOps is how many changes are compared pair by pair; a longer list is worth a set.
const fewOps = 16

// Malformed says why no store may take the transaction, or nil. The error matches [ErrRefused]. It is
// here so that every store refuses the same transactions, before anything leaves the process.
func (t *Txn) Malformed() error {
	for i := range t.If {
		compare := &t.If[i]
		if compare.Key == "" {
			return fmt.Errorf("%w: comparison %d has no key", ErrRefused, i)
		}
		if compare.Condition < Absent || compare.Condition > ChangedAt {
			return fmt.Errorf("%w: comparison %d of %q has no valid condition", ErrRefused, i, compare.Key)
		}
	}
	for i := range t.Then {
		if t.Then[i].Key == "" {
			return fmt.Errorf("%w: change %d has no key", ErrRefused, i)
		}
	}
	if i := t.repeated(); i >= 0 {
		return fmt.Errorf("%w: %q is changed twice", ErrRefused, t.Then[i].Key)
	}
	return nil
}

// repeated is the index of the first change whose key an earlier change names too, or -1.
func (t *Txn) repeated() int {
	if len(t.Then) <= fewOps {
		for i := 1; i < len(t.Then); i++ {
			for j := range i {
				if t.Then[i].Key == t.Then[j].Key {
					return i
				}
			}
		}
		return -1
	}
	seen := make(map[string]struct{}, len(t.Then))
	for i := range t.Then {
		key := t.Then[i].Key
		if _, again := seen[key]; again {
			return i
		}
		seen[key] = struct{}{}
	}
	return -1
}
