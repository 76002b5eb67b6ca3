package draw

import (
	"fmt"
	"strings"
)

// page is text that is written line by line.
type page struct{ text strings.Builder }

// line writes a line, indented by depth.
func (p *page) line(depth int, format string, args ...any) {
	p.text.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&p.text, format, args...)
	p.text.WriteByte('\n')
}
