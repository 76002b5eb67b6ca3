package storetest_test

import (
	"slices"

	"derail/core/store"
)

// brokenStore is one way to break the contract, and the cases that must notice.
type brokenStore struct {
	name  string
	wrap  func(store.Store) store.Store
	fails []string
}

func broken() []brokenStore {
	return slices.Concat(brokenReads(), brokenCommits(), brokenLeases(), brokenWatches())
}

// breaking makes the wrap of a broken store: how changes what wrapped does over the healthy store.
func breaking(how func(healthy store.Store, w *wrapped)) func(store.Store) store.Store {
	return func(healthy store.Store) store.Store {
		w := &wrapped{Store: healthy}
		how(healthy, w)
		return w
	}
}
