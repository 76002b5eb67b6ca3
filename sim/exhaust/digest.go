package exhaust

import "derail/checker/history"

// hashOf is the hash of a record: of everything in it.
func hashOf(r *history.Record) uint64 {
	h := mix(uint64(r.At), uint64(r.Call))
	h = mix(h, uint64(uint32(r.Process))<<32|uint64(uint32(r.Job)))
	h = mix(h, uint64(r.Epoch))
	h = mix(h, uint64(uint32(r.Attempt))<<32|uint64(uint32(r.N)))
	h = mix(h, uint64(r.Revision))
	if r.Counted {
		h = mix(h, 1)
	}
	h = mix(h, uint64(r.Type)<<8|uint64(r.Kind))
	for _, text := range [...]string{r.Reason, r.Subject, r.From, r.To} {
		h = hashText(h, text)
	}
	return h
}

// hashText goes on from a hash with a text and its length.
func hashText(h uint64, text string) uint64 {
	for len(text) >= 8 {
		word := uint64(0)
		for i := range 8 {
			word |= uint64(text[i]) << (8 * i)
		}
		h, text = mix(h, word), text[8:]
	}
	word := uint64(len(text)) << 56
	for i := range len(text) {
		word |= uint64(text[i]) << (8 * i)
	}
	return mix(h, word)
}
