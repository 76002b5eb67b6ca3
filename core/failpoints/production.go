//go:build production

package failpoints

import (
	"context"
	"errors"
)

// Compiled says whether the points do anything in this build.
const Compiled = false

func arm(*Point) {}

func wake() {}

// Arm refuses: there is nothing to be armed in a production build.
func Arm(string, string) error { return errors.New("failpoints are not compiled in") }

// At is empty in a production build.
func (*Point) At(context.Context) error { return nil }
