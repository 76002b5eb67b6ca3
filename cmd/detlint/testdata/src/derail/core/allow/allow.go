// Package allow is about comments that let a line off.
package allow

import "time"

func accepted() time.Time {
	//detlint:allow clock a comment above the line covers it
	t := time.Now()
	u := time.Now() //detlint:allow clock and so does one at its end
	//detlint:allow clock two rules on one line take two comments
	//detlint:allow goroutine as here
	go func() { time.Sleep(1) }()
	// A comment may stand between.
	//detlint:allow clock it is the next line of code that counts

	// As here.
	return u.Add(time.Since(t))
}

func refused() {
	//detlint:allow clock covers one line only // want `allow comment for clock lets nothing off`
	a := 1
	time.Sleep(time.Duration(a)) // want `time.Sleep`

	//detlint:allow clock // want `allow comment for clock gives no reason`
	time.Sleep(1) // want `time.Sleep`

	//detlint:allow weather because it rains // want `allow comment names an unknown rule, weather`
	time.Sleep(1) // want `time.Sleep`

	//detlint:allow // want `allow comment names no rule`
	time.Sleep(1) // want `time.Sleep`

	//detlint:allow goroutine the wrong rule // want `allow comment for goroutine lets nothing off`
	time.Sleep(1) // want `time.Sleep`

	time.Sleep(1) //detlint:allow goroutine the wrong rule // want `time.Sleep` `lets nothing off`

	//detlint:allow allow nothing lets off this rule // want `unknown rule, allow`

	//detlint:allowed is no such comment
	a++
}
