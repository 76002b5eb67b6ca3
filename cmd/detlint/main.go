// Command detlint refuses, in derail's core, sim and checker, whatever makes two runs of one seed
// differ: the machine's clock, goroutines and channels, chance of the runtime's own, the machine
// itself, and the order in which Go walks a map.
//
// It is a go/analysis analyzer and runs alone or beneath go vet:
//
//	go run ./cmd/detlint ./...
//	go vet -vettool=bin/detlint ./...
//
// The rules are listed in rules.go, what is exempt by name, and why, in scope.go. Test files are
// exempt. One line is let off by a comment on it or just above it,
//
//	//detlint:allow RULE reason
//
// and the comment is itself reported when it gives no reason or lets nothing off.
//
// What lives here is the analyzer and nothing else: rules about how the house is kept (who imports
// whom, names, lengths, comments) are tests, in cmd/detlint/house.
package main

import "golang.org/x/tools/go/analysis/singlechecker"

func main() { singlechecker.Main(Analyzer) }
