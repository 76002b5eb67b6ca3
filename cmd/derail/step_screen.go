package main

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"

	"golang.org/x/term"
)

// What a terminal is told: its second screen without a cursor, and back.
const (
	screenOn  = "\x1b[?1049h\x1b[?25l"
	screenOff = "\x1b[?25h\x1b[?1049l"
	stepKeys  = "n/→ on  p/← back  g go to  / search  j job  x broken promise  ? help  q quit"
)

// screen is a terminal on which a run is walked through.
type screen struct {
	console *console
	walk    *walk
	prompt  string // the verb whose argument is being typed; empty: none
	typed   []rune
	notice  string
	help    bool
}

// stepOnScreen reads single keys. Whatever ends it, the terminal is left as it was.
func (c *console) stepOnScreen(w *walk, in *os.File) error {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return c.stepByLine(w)
	}
	restore := sync.OnceFunc(func() {
		c.print(screenOff)
		_ = term.Restore(int(in.Fd()), before)
	})
	defer restore()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	c.print(screenOn)
	s := &screen{console: c, walk: w}
	keys := typedKeys(in)
	for {
		s.draw()
		select {
		case <-ctx.Done():
			return silently(exitInterrupted)
		case <-resized:
		case typed, more := <-keys:
			if !more && ctx.Err() != nil { // the terminal went away with the signal
				return silently(exitInterrupted)
			} else if !more {
				return nil
			}
			for _, key := range typed {
				switch s.press(key) {
				case keyQuit:
					return nil
				case keyInterrupt:
					return silently(exitInterrupted)
				}
			}
		}
	}
}

// typedKeys reads what is typed. It ends with the input; where the walk ends first, it is left behind.
func typedKeys(in *os.File) <-chan []string {
	keys := make(chan []string)
	go func() {
		defer close(keys)
		buffer := make([]byte, 256)
		for {
			n, err := in.Read(buffer)
			if n > 0 {
				keys <- keysIn(string(buffer[:n]))
			}
			if err != nil {
				return
			}
		}
	}()
	return keys
}

// The keys that are not one character. What a terminal sends for an arrow comes in one piece.
const (
	keyEscape    = "\x1b"
	keyInterrupt = "\x03"
	keyQuit      = "q"
	keyEnter     = "\r"
)

// arrows are what terminals send for keys, and the keys that do the same.
var arrows = map[string]string{
	"\x1b[C": "n", "\x1b[B": "n", "\x1bOC": "n", "\x1bOB": "n",
	"\x1b[D": "p", "\x1b[A": "p", "\x1bOD": "p", "\x1bOA": "p",
	"\x1b[6~": "page", "\x1b[5~": "page back", "\x1b[H": "home", "\x1b[F": "end",
}

// keysIn takes what was read apart into keys.
func keysIn(text string) []string {
	var keys []string
	for text != "" {
		_, length := utf8.DecodeRuneInString(text)
		if strings.HasPrefix(text, keyEscape) {
			length = sequence(text)
		}
		key := text[:length]
		if same, known := arrows[key]; known {
			key = same
		}
		keys, text = append(keys, key), text[length:]
	}
	return keys
}

// sequence is how long the escape sequence is that a text begins with.
func sequence(text string) int {
	if len(text) < 3 || text[1] != '[' && text[1] != 'O' {
		return 1
	}
	for i := 2; i < len(text); i++ {
		if text[i] >= '@' && text[i] <= '~' {
			return i + 1
		}
	}
	return len(text)
}

// press does what a key says, and returns [keyQuit] or [keyInterrupt] where it ends the walk.
func (s *screen) press(key string) string {
	s.notice = ""
	switch {
	case key == keyInterrupt:
		return keyInterrupt
	case s.prompt != "":
		s.edit(key)
		return ""
	case s.help:
		s.help = false
		return ""
	}
	switch key {
	case "q", "\x04":
		return keyQuit
	case "n", " ", keyEnter:
		s.notice = s.walk.do("n", "")
	case "page":
		s.notice = s.walk.do("n", "10")
	case "page back":
		s.notice = s.walk.do("p", "10")
	case "home":
		s.walk.stepper.GoTo(1)
	case "end":
		for s.walk.stepper.Move(1 << 20) { // so many at once are never all there
		}
	case "p", "x":
		s.notice = s.walk.do(key, "")
	case "g", "/", "j":
		s.prompt, s.typed = key, nil
	case "?":
		s.help = true
	case keyEscape:
	default:
		s.notice = "? lists the keys"
	}
	return ""
}

// edit types on what is being typed.
func (s *screen) edit(key string) {
	switch key {
	case keyEnter, "\n":
		verb := s.prompt
		s.prompt = ""
		s.notice = s.walk.do(verb, strings.TrimSpace(string(s.typed)))
	case keyEscape:
		s.prompt = ""
	case "\x7f", "\b":
		if len(s.typed) > 0 {
			s.typed = s.typed[:len(s.typed)-1]
		}
	default:
		for _, r := range key {
			if r >= ' ' {
				s.typed = append(s.typed, r)
			}
		}
	}
}

// draw draws everything anew.
func (s *screen) draw() {
	width, height, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	style := s.console.style()
	style.Width = width - 1
	lines := strings.Split(strings.TrimSuffix(s.walk.stepper.Screen(style, height-1), "\n"), "\n")
	if s.help {
		lines = strings.Split(strings.TrimSuffix(screenHelp, "\n"), "\n")
		for i := range lines {
			lines[i] = cutOff(lines[i], width-1)
		}
	}
	for len(lines) < height-1 {
		lines = append(lines, "")
	}
	bottom := stepKeys
	switch {
	case s.prompt != "":
		bottom = s.prompt + " " + string(s.typed) + "_"
	case s.notice != "":
		bottom = s.notice
	}
	var out strings.Builder
	out.WriteString("\x1b[H")
	for _, line := range lines[:height-1] {
		out.WriteString(line + "\x1b[K\r\n")
	}
	out.WriteString(cutOff(bottom, width-1) + "\x1b[K\x1b[J")
	s.console.print(out.String())
}

// cutOff is as much of a line as there is room for: a longer one would scroll the screen.
func cutOff(text string, room int) string {
	cells := []rune(text)
	return string(cells[:min(len(cells), max(0, room))])
}
