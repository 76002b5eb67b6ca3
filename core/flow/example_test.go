package flow_test

import (
	"context"
	"fmt"

	"derail/core/flow"
)

// A flow is a tree of linear and unordered flows with tasks as its leaves. A factory builds it from the
// inputs that are stored with a job, and a registry finds the factory again in another process.
func Example() {
	resize := func(width int64) *flow.Task {
		return &flow.Task{
			Name: fmt.Sprint("resize to ", width), Requires: []string{"picture"}, Provides: fmt.Sprint("size ", width),
			Execute: func(_ context.Context, args flow.Args) (any, error) {
				picture, err := flow.Get[string](args, "picture")
				return fmt.Sprint(picture, "@", width), err
			},
		}
	}
	var registry flow.Registry
	err := registry.Register("thumbnails", func(inputs flow.Args) (*flow.Flow, error) {
		widest, err := flow.Get[int64](inputs, "widest")
		if err != nil {
			return nil, err
		}
		sizes := flow.Unordered("sizes")
		for width := widest; width >= 100; width /= 2 {
			sizes.Add(resize(width))
		}
		fetch := &flow.Task{
			Name: "fetch", Provides: "picture",
			Execute: func(context.Context, flow.Args) (any, error) { return "cat", nil },
		}
		return flow.Linear("thumbnails", fetch, sizes), nil
	})
	if err != nil {
		panic(err)
	}

	factory, _ := registry.Lookup("thumbnails")
	f, err := factory(flow.Args{{Name: "widest", Value: int64(400)}})
	if err != nil {
		panic(err)
	}
	print(f, "")
	// Output:
	// linear thumbnails
	//   fetch
	//   unordered sizes
	//     resize to 400
	//     resize to 200
	//     resize to 100
}

func print(item flow.Item, indent string) {
	f, is := item.(*flow.Flow)
	if !is {
		fmt.Println(indent + item.Label())
		return
	}
	fmt.Printf("%s%s %s\n", indent, f.Pattern(), f.Label())
	for _, inner := range f.Items() {
		print(inner, indent+"  ")
	}
}

func ExampleGet() {
	args := flow.Args{{Name: "width", Value: int64(400)}}
	width, err := flow.Get[int64](args, "width")
	fmt.Println(width, err)
	_, err = flow.Get[string](args, "width")
	fmt.Println(err)
	// Output:
	// 400 <nil>
	// argument "width" is a int64, not a string
}
