package failure_test

import (
	"errors"
	"fmt"
	"io/fs"

	"derail/core/failure"
)

// A failure answers what its error would have answered, and goes on to do so after a restart.
func Example() {
	errStock := errors.New("out of stock")
	f := failure.From("reserve", fmt.Errorf("order 7: %w", errStock))
	g := failure.From("load", &fs.PathError{Op: "open", Path: "orders.csv", Err: fs.ErrPermission})

	fmt.Println(errors.Is(f, errStock), errors.Is(g, errStock))
	fmt.Println(f.Caused("fs.PathError"), g.Caused("fs.PathError"))
	fmt.Println(failure.CausedBy[*fs.PathError](failure.Several{f, g}))
	// Output:
	// true false
	// false true
	// true
}

func ExampleFailure_Format() {
	f := failure.From("load", &fs.PathError{Op: "open", Path: "orders.csv", Err: fs.ErrPermission})
	fmt.Printf("%v\n\n%+v\n", f, f)
	// Output:
	// load: open orders.csv: permission denied
	//
	// load: open orders.csv: permission denied
	//   atom:  load
	//   class: task
	//   types: *fs.PathError
	//   because of:
	//     permission denied
}

func ExampleCollect() {
	all := failure.Collect("pay", errors.Join(errors.New("no card"), errors.New("no cash")), nil)
	fmt.Printf("%+v\n", all)
	// Output:
	// 2 failures:
	//   pay: no card
	//     atom:  pay
	//     class: task
	//   pay: no cash
	//     atom:  pay
	//     class: task
}
