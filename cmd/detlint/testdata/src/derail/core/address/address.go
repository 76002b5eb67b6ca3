// Package address breaks the rule of that name.
package address

import "fmt"

const form = "task %p"

func refused(p *int) error {
	fmt.Println(fmt.Sprintf("at %p", p)) // want `fmt.Sprintf with %p: .*\(address\)`
	return fmt.Errorf(form, p)           // want `fmt.Errorf with %p`
}

func accepted(share int) string { return fmt.Sprintf("%d%%pure", share) }
