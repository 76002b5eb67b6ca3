package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"derail/reports"
)

// progressText is what a progress bar tells of a scenario.
type progressText struct {
	name       string
	number, of int // which scenario of how many
	runs       int
	span       time.Duration // how long it may take; 0: no limit
	untilTime  bool          // it is time that ends it, and not the number of runs
}

// progress is a bar at the bottom of the terminal while a scenario runs. Where there is no terminal
// it is nothing.
type progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
	text      progressText
	begun     time.Time
	runs      atomic.Int64
}

// progress begins a bar.
func (c *console) progress(text progressText, hidden bool) *progress {
	p := &progress{text: text, begun: time.Now()}
	if hidden && !c.outTerminal || !c.errTerminal {
		return p
	}
	total := int64(text.runs)
	if text.untilTime {
		total = int64(text.span)
	}
	name := fmt.Sprintf("%s (%d of %d) ", text.name, text.number, text.of)
	p.container = mpb.New(mpb.WithOutput(c.err), mpb.WithWidth(64), mpb.WithAutoRefresh())
	p.bar = p.container.New(
		total, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(name)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return p.count() })),
	)
	return p
}

// count says how many runs there were.
func (p *progress) count() string {
	if p.text.untilTime {
		passed := time.Since(p.begun).Round(time.Second)
		return fmt.Sprintf(" %s, %v of %v", reports.Plural(p.runs.Load(), "run"), passed, p.text.span)
	}
	return fmt.Sprintf(" %d of %s", p.runs.Load(), plural(p.text.runs, "run"))
}

// ran moves the bar on. Any goroutine may call it.
func (p *progress) ran(int) {
	done := p.runs.Add(1)
	switch {
	case p.bar == nil:
	case p.text.untilTime:
		p.bar.SetCurrent(min(int64(time.Since(p.begun)), int64(p.text.span)-1))
	default:
		p.bar.SetCurrent(min(done, int64(p.text.runs)-1))
	}
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar == nil {
		return
	}
	p.bar.Abort(true)
	p.container.Wait()
}
