// Package selecting breaks the rule named select.
package selecting

import "reflect"

func refused(in, out chan int) int {
	select { // want `select statement: .*\(select\)`
	case v := <-in:
		return v
	case out <- 1:
	case <-in:
	default:
	}
	select {} // want `select statement`
}

func reflected(cases []reflect.SelectCase) {
	reflect.Select(cases) // want `reflect.Select`
}

func accepted(kind string) int {
	switch kind {
	case "select":
		return 1
	}
	return 0
}
