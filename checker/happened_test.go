package checker

import "testing"

// TestARunIsNoJob has runs in which nothing happened to any of two jobs: none of them is to blame.
func TestARunIsNoJob(t *testing.T) {
	for text, want := range map[string]Outcome{
		"client post? i\nclient post- i\nclient post? j\nclient post- j\n":                            Invalid,
		"client post i\nclient post j\n":                                                              Invalid,
		"client post? i\nclient post~ i\nclient post? j\nclient post~ j\nA claim? i\nB claim? j\n":    Unknown,
		"client post i\nclient post j\nA claim? i\nA crash\nB claim? j\nB crash\n":                    Unknown,
		"client post? i\nclient post~ i\nclient post? j\nclient post~ j\nstore final i unclaimed\n":   Invalid,
		"client post? i\nclient post? j\nA claim i e=1 a=1\nA claim j e=1 a=1\nA consume i e=1 a=1\n": Unknown,
	} {
		v, known := Check(told(t, text)).Verdict("run.happened")
		if !known || v.Outcome != want || len(v.Findings) != 1 || v.Findings[0].Job != "" {
			t.Errorf("%+v, want %s and no job\n%s", v, want, text)
		}
	}
}
