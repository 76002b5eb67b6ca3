package event

import "derail/core/host"

// Listeners tells each of several listeners, in order. The event is shared: nobody may keep or
// change it.
type Listeners []Listener

// Hear tells every listener. One that panics does no harm to the others, nor to the teller.
func (ls Listeners) Hear(e *Event) {
	for _, l := range ls {
		Tell(l, e)
	}
}

// Tell tells one listener, which may be nil. A panic in it goes no further.
func Tell(l Listener, e *Event) {
	if l == nil {
		return
	}
	defer host.Catch(ignore)
	l.Hear(e)
}

func ignore(any) {}
