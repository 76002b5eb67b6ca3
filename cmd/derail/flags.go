package main

import (
	"errors"
	"runtime"
	"strconv"
	"time"
)

// count is a number of at least one on the command line; zero is one that was not given.
type count int

// UnmarshalText reads the number.
func (c *count) UnmarshalText(text []byte) error {
	n, err := strconv.ParseInt(string(text), 10, 32)
	if err != nil || n < 1 {
		return errors.New("want a whole number from 1 to 2147483647, not " + strconv.Quote(string(text)))
	}
	*c = count(n)
	return nil
}

// orCores is the number, or where it was not given one for each core.
func (c count) orCores() int {
	if c == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return int(c)
}

// stretch is a length of time on the command line; zero is one that was not given.
type stretch time.Duration

// UnmarshalText reads the time.
func (s *stretch) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return errors.New("want a time such as 500ms, 90s or 1h30m, not " + strconv.Quote(string(text)))
	}
	*s = stretch(d)
	return nil
}

// String is the time as it is written.
func (s stretch) String() string { return time.Duration(s).String() }
