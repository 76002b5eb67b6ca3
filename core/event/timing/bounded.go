package timing

import "container/list"

// bounded is a map that knows in which order its keys came.
type bounded[K comparable, V any] struct {
	at    map[K]*list.Element
	order list.List // of *entry[K, V], oldest first
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func (b *bounded[K, V]) init() { b.at = map[K]*list.Element{} }

func (b *bounded[K, V]) get(key K) (*V, bool) {
	at, known := b.at[key]
	if !known {
		return nil, false
	}
	return &at.Value.(*entry[K, V]).value, true
}

// put adds a key that is not there. Where there are too many the oldest goes; put returns how many did.
func (b *bounded[K, V]) put(key K, value V, limit int) (dropped int64) {
	if len(b.at) >= limit {
		b.drop(b.order.Front())
		dropped = 1
	}
	b.at[key] = b.order.PushBack(&entry[K, V]{key, value})
	return dropped
}

func (b *bounded[K, V]) remove(key K) (value V, was bool) {
	at, known := b.at[key]
	if !known {
		return value, false
	}
	return b.drop(at), true
}

func (b *bounded[K, V]) drop(at *list.Element) V {
	gone := b.order.Remove(at).(*entry[K, V])
	delete(b.at, gone.key)
	return gone.value
}

func (b *bounded[K, V]) removeIf(goes func(key K) bool) {
	for at := b.order.Front(); at != nil; {
		next := at.Next()
		if goes(at.Value.(*entry[K, V]).key) {
			b.drop(at)
		}
		at = next
	}
}

// values are in the order in which they came.
func (b *bounded[K, V]) values() []V {
	all := make([]V, 0, len(b.at))
	for at := b.order.Front(); at != nil; at = at.Next() {
		all = append(all, at.Value.(*entry[K, V]).value)
	}
	return all
}
