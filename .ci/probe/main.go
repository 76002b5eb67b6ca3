// Command probe links the whole of core and says which failpoints it finds there. .ci/production
// builds it with and without -tags production and looks at what the linker took.
package main

import (
	"fmt"

	_ "derail/core/conductor"
	"derail/core/failpoints"
)

func main() {
	fmt.Println("failpoints compiled in:", failpoints.Compiled)
	for _, point := range failpoints.All() {
		fmt.Println(point.Name)
	}
}
